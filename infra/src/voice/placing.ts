import type { NatsConnection } from '@nats-io/transport-node';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';
import type { Redis } from 'ioredis';
import type { Log } from '../runtime/log.js';
import type { NodeBeat } from './beat.js';
import { hearNodes } from './heard.js';
import { openPlacements, type Seat, type Seating, type SeatQuestion } from './placements.js';
import type { Placement } from './protocol.js';
import { openWithoutRedis, type WithoutRedis } from './without-redis.js';

export type { Seat } from './placements.js';

/** Where calls are carried, as a gateway or a node asks it. Goes on without Redis: see {@link openPlacing}. */
export type Placing = {
  /**
   * Where this participant sends its media to, and takes it from. The call stays where it is while its node lives and is not in `except`. Refuses with
   * `VoiceUnavailable` when no node takes it, with `CallNotFound` when a later call of the conversation is placed already.
   */
  seat(
    conversationId: string,
    call: number,
    participant: number,
    options?: { readonly except?: readonly string[] },
  ): Promise<E.Either<Refusal, Seat>>;
  /** The same for the call alone, from a node that gives it away. */
  move(
    conversationId: string,
    call: number,
    options: { readonly except: readonly string[] },
  ): Promise<E.Either<Refusal, Placement>>;
  /** Which node says that it carries a call, of those that are heard; for while Redis is away. */
  find: WithoutRedis['find'];
  /** The nodes that are heard here. */
  nodes(): readonly NodeBeat[];
  /** A participant has left, or, without one, the call is over. Best effort: nodes free what is forgotten. */
  free(conversationId: string, call: number, participant?: number): Promise<void>;
  close(): void;
};

export type PlacingOptions = {
  readonly redis: Redis;
  readonly nats: NatsConnection;
  /** Where participants are who ask here. */
  readonly region: string;
  readonly log: Log;
};

/** Calls of which it is remembered under which fence they were placed last. */
const MAX_KNOWN = 50_000;

/**
 * Places calls by one script in Redis. While Redis is away the nodes themselves are asked where a call is; one that none of them has goes to the node that rendezvous
 * hashing gives among those heard on NATS, and that node gives the fence. Regions and edges are left out then: everybody must find the same node. Nodes are asked also where
 * Redis has lost a call that was placed: who carries it puts it back within a second, and it must not move because another node was faster to say that it is there.
 */
export function openPlacing({ redis, nats, region, log }: PlacingOptions): Placing {
  const placements = openPlacements(redis);
  const heard = hearNodes(nats);
  const without = openWithoutRedis(nats, heard);
  const known = new Map<string, Placement>();
  let isWarned = false;

  function placed(seat: Seat): E.Either<Refusal, Seat> {
    const { conversationId } = seat;
    known.delete(conversationId);
    known.set(conversationId, seat);
    if (known.size > MAX_KNOWN) known.delete(known.keys().next().value as string);
    return E.right(seat);
  }

  async function ask(question: Omit<SeatQuestion, 'region'>): Promise<E.Either<Refusal, Seat>> {
    const { conversationId, call, except } = question;
    const before = known.get(conversationId);
    let seating = await byRedis({ ...question, known: before?.call === call });
    if (seating.tag === 'lost') {
      const carried = await without.find(conversationId, call, except);
      if (carried !== undefined) return placed(carried);
      seating = await byRedis(question);
    }
    if (seating.tag === 'over') return E.left(refuse('CallNotFound'));
    if (seating.tag === 'seated') {
      const { seat, why } = seating;
      if (why === 'gone' || why === 'left')
        log.info({ conversationId, why, node: seat.core ?? seat.node }, 'a call was placed anew');
      return placed(seat);
    }
    const placement =
      (await without.find(conversationId, call, except)) ??
      (await without.place(conversationId, call, before?.fence ?? 0, except));
    return placement === undefined ? E.left(refuse('VoiceUnavailable')) : placed(placement);
  }

  /** A Redis that is away knows of nobody, and one that has just come back empty knows of nobody yet. */
  async function byRedis(question: Omit<SeatQuestion, 'region'>): Promise<Seating> {
    try {
      const seating = await placements.seat({ ...question, region });
      isWarned = false;
      return seating;
    } catch (error) {
      if (!isWarned) log.warn({ err: error }, 'calls are placed without Redis');
      isWarned = true;
      return { tag: 'nobody' };
    }
  }

  return {
    seat: (conversationId, call, participant, { except = [] } = {}) =>
      ask({ conversationId, call, participant, except }),
    move: (conversationId, call, { except }) => ask({ conversationId, call, except }),
    find: without.find,
    nodes: heard.nodes,
    async free(conversationId, call, participant) {
      if (participant === undefined) known.delete(conversationId);
      await placements.free(conversationId, call, participant).catch((error: unknown) => {
        log.debug({ err: error }, 'a seat was not freed');
      });
    },
    close: heard.close,
  };
}
