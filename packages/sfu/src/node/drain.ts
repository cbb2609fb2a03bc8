import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Limiter, openLimiter } from '@parley/infra/runtime/limiter';
import type { Log } from '@parley/infra/runtime/log';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { Placing } from '@parley/infra/voice/placing';
import type { CallNotice } from '@parley/infra/voice/protocol';
import { callSubject } from '@parley/infra/voice/subjects';
import * as E from 'fp-ts/lib/Either.js';
import type { Rooms } from '../room/rooms.js';
import type { Held, Holds } from './holds.js';

export type DrainResources = {
  readonly self: string;
  readonly nats: NatsConnection;
  readonly holds: Holds;
  readonly rooms: Rooms;
  readonly placing: Placing;
  readonly log: Log;
};

/** Milliseconds that participants of a call have to go to its next node before it is closed here: they go there first and leave then. */
const LEAVE_MS = 4_000;

/** Milliseconds between two looks at who is still here. */
const LOOK_MS = 100;

/** Calls given away at once where there is time for fewer: nodes that take them have as many people come at a time. */
const FEW = 8;

/** Calls being placed at once, however many are given away. */
const PLACED_AT_ONCE = 64;

/** Of the time there is, ms for placing calls and for leaving. */
const SPARE_MS = 2_000;

/** How many calls are given away at once, so that all of them have been within `ms`, even if nobody leaves before they must; all, where there is no time for two rounds. */
export function callsAtOnce(calls: number, ms: number): number {
  const rounds = Math.max(1, Math.floor((ms - SPARE_MS) / LEAVE_MS));
  return Math.max(FEW, Math.ceil(calls / rounds));
}

/**
 * Gives calls away, a few at a time, or more where the time until `until` (ms, as `steadyNow` counts them) would not do; ends when there are none, when `signal` ends it, or when there is
 * no other node: those who are here are better off until the last moment then.
 */
export async function moveCalls(
  resources: DrainResources,
  until: number,
  signal: AbortSignal,
): Promise<void> {
  const { holds } = resources;
  const turns = openLimiter(PLACED_AT_ONCE);
  while (!signal.aborted) {
    const held = holds.held();
    if (held.length === 0) return;
    const giving = openLimiter(callsAtOnce(held.length, until - steadyNow()));
    const moved = await Promise.all(
      held.map(({ conversationId }) =>
        giving.run(async () => {
          const hold = holds.of(conversationId);
          // It has ended before its turn came, or is elsewhere.
          if (hold.tag !== 'held') return true;
          return !signal.aborted && moveCall(resources, { ...hold, conversationId }, turns, LEAVE_MS, signal);
        }),
      ),
    );
    if (!moved.some(Boolean)) {
      if (!hasOthers(resources)) return;
      await sleep(LOOK_MS * 5);
    }
  }
}

/** Gives away what is left, if there is anybody to take it, and waits for nobody. */
export async function moveRest(resources: DrainResources): Promise<void> {
  if (!hasOthers(resources)) return;
  const turns = openLimiter(PLACED_AT_ONCE);
  const { signal } = new AbortController();
  await Promise.all(resources.holds.held().map((held) => moveCall(resources, held, turns, 0, signal)));
}

/** False when nobody takes it. */
async function moveCall(
  { self, nats, holds, rooms, placing, log }: DrainResources,
  { conversationId, call, fence, core }: Held,
  turns: Limiter,
  leaveMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (core !== undefined) {
    // Gateways give its participants other seats, because this node takes no calls any more.
    holds.step(conversationId, { tag: 'given', call, fence, node: core });
    return true;
  }
  const placed = await turns.run(() => placing.move(conversationId, call, { except: [self] }));
  if (E.isLeft(placed)) {
    // A later call of the conversation has taken its place.
    if (placed.left.tag === 'CallNotFound') holds.step(conversationId, { tag: 'ended', call });
    else log.warn({ conversationId, refusal: placed.left }, 'a call could not be moved');
    return placed.left.tag === 'CallNotFound';
  }
  const { node, fence: next } = placed.right;
  holds.step(conversationId, { tag: 'given', call, fence: next, node });
  const notice: CallNotice = {
    to: 'all',
    name: 'voice.moved',
    value: { conversationId, call, why: 'drain' },
  };
  nats.publish(callSubject(conversationId), JSON.stringify(notice));
  const leaving = steadyNow() + leaveMs;
  while (steadyNow() < leaving && !signal.aborted && rooms.isUsed(conversationId)) await sleep(LOOK_MS);
  holds.step(conversationId, { tag: 'left' });
  log.info({ conversationId, node }, 'a call was moved');
  return true;
}

const hasOthers = ({ self, placing }: DrainResources): boolean =>
  placing.nodes().some(({ node, state }) => node !== self && state === 'ready');
