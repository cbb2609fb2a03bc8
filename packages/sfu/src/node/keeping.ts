import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@parley/infra/runtime/log';
import type { Placements } from '@parley/infra/voice/placements';
import type { Placing } from '@parley/infra/voice/placing';
import { BEAT_MS } from '@parley/infra/voice/registry';
import type { Rooms } from '../room/rooms.js';
import { type Held, type Holds, placementOf } from './holds.js';

/** Keeps what Redis has and what this node carries the same; what Redis has under a newer fence is given up here. */
export type Keeping = {
  /** Says that a call is here, who of it is, and who is in it by the log; without Redis nothing happens. */
  keep(held: Held, participants?: readonly number[]): Promise<void>;
  /** Says so of every call. */
  keepAll(): Promise<void>;
  /** The call has ended, or nobody needs it here. */
  free(conversationId: string, call: number): Promise<void>;
  /** Whether each call is still here: by Redis, and while that is away by the other nodes. */
  check(): Promise<void>;
};

export type KeepingOptions = {
  readonly self: string;
  readonly holds: Holds;
  readonly rooms: Pick<Rooms, 'attached'>;
  readonly placements: Placements;
  readonly placing: Placing;
  readonly log: Log;
};

/** Milliseconds after which every other node that is there was heard at least once. */
const HEARD_MS = 1.3 * BEAT_MS;

/** Calls asked about at once. */
const AT_ONCE = 256;

export function openKeeping({ self, holds, rooms, placements, placing, log }: KeepingOptions): Keeping {
  async function ask(held: Held, participants?: readonly number[]): Promise<void> {
    const { conversationId } = held;
    const here = rooms.attached(conversationId);
    const carried = { by: self, here, ...(participants === undefined ? {} : { participants }) };
    const { call, fence, node } = await placements.keep(placementOf(held, self), carried);
    holds.step(conversationId, { tag: 'told', call, fence, node });
  }

  async function askOthers({ conversationId, call }: Held): Promise<void> {
    const found = await placing.find(conversationId, call, [self]);
    if (found !== undefined) holds.step(conversationId, { tag: 'told', ...found });
  }

  async function each(act: (held: Held) => Promise<void>): Promise<void> {
    const all = holds.held();
    for (let from = 0; from < all.length; from += AT_ONCE)
      await Promise.all(all.slice(from, from + AT_ONCE).map(act));
  }

  const unlessAway = (done: Promise<void>): Promise<void> =>
    done.catch((error: unknown) => log.debug({ err: error }, 'Redis was not told of a call'));

  return {
    keep: (held, participants) => unlessAway(ask(held, participants)),
    keepAll: () => unlessAway(each((held) => ask(held))),
    free: (conversationId, call) => unlessAway(placements.free(conversationId, call)),
    async check() {
      try {
        await each((held) => ask(held));
      } catch {
        // Who hears itself has heard the others.
        if (!placing.nodes().some(({ node }) => node === self)) await sleep(HEARD_MS);
        await each(askOthers);
      }
    },
  };
}
