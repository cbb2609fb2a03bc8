import type { JetStreamManager } from '@nats-io/jetstream';
import { lastOfConversation, readConversation } from '@parley/infra/log/conversation-reader';
import type { Folded, Snapshots } from '@parley/infra/log/snapshots';
import type { Place } from '@parley/infra/log/subjects';
import { type Either, isRight } from 'fp-ts/lib/Either.js';
import { LRUCache } from 'lru-cache';

/** A folded state and when, in ms, it was last known to be the newest. */
export type Known<S> = Folded<S> & { readonly verifiedAt: number };

/**
 * States folded from one subject of the log each: cached in memory, from a snapshot and the events after it where they are
 * not. What is cached may be behind when another instance serves the same id; whoever must not be wrong asks for `fresh`.
 */
export type FoldedStore<S, E> = {
  placeOf(id: string): Place;
  /** The state as it is known here, loaded if it is not. */
  known(id: string): Promise<Known<S>>;
  /** The state after every event the log has now. One round trip when nothing is new. */
  fresh(id: string): Promise<Known<S>>;
  /** The known state, verified if that was longer ago than `maxAge` ms. */
  recent(id: string, maxAge: number): Promise<Known<S>>;
  /** Remembers the state after an event of ours that the log has stored. */
  advance(id: string, before: Known<S>, event: E, streamSeq: number): Known<S>;
};

/** What is folded, and how. */
export type Folding<S, E> = {
  readonly placeOf: (id: string) => Place;
  readonly initial: S;
  readonly decode: (json: unknown) => Either<string, E>;
  readonly evolve: (state: S, event: E) => S;
  /** What a state weighs in the cache: 1 unless given. */
  readonly sizeOf?: (state: S) => number;
  /** Events between two snapshots: what a cold start reads at most, besides snapshots that were lost. */
  readonly snapshotEvery: number;
};

export type FoldedStoreOptions<S> = {
  readonly jsm: JetStreamManager;
  readonly snapshots: Snapshots<S>;
  /** States kept in memory, in number or, where they are weighed, in weight; the one longest unused goes first. */
  readonly maxCached: number;
  /** Told of an event that cannot be read: it counts, but changes nothing. */
  readonly onUnreadable: (id: string, streamSeq: number, reason: string) => void;
};

export function openFoldedStore<S extends { readonly revision: number }, E>(
  { placeOf, initial, decode, evolve, sizeOf, snapshotEvery }: Folding<S, E>,
  { jsm, snapshots, maxCached, onUnreadable }: FoldedStoreOptions<S>,
): FoldedStore<S, E> {
  const cache = new LRUCache<string, Known<S>>(
    sizeOf === undefined
      ? { max: maxCached }
      : { maxSize: maxCached, sizeCalculation: ({ state }) => sizeOf(state) },
  );

  function remember(id: string, folded: Folded<S>): Known<S> {
    const known = { ...folded, verifiedAt: Date.now() };
    cache.set(id, known);
    return known;
  }

  async function readOn(id: string, from: Folded<S>): Promise<Known<S>> {
    let { state, streamSeq } = from;
    for await (const stored of readConversation(jsm, placeOf(id), from.streamSeq + 1)) {
      const event = decode(stored.json);
      // An event nobody can read has happened all the same: it takes its seq and changes nothing else.
      state = isRight(event) ? evolve(state, event.right) : { ...state, revision: state.revision + 1 };
      streamSeq = stored.streamSeq;
      if (!isRight(event)) onUnreadable(id, streamSeq, event.left);
    }
    keepSnapshot(id, from, { state, streamSeq });
    return remember(id, { state, streamSeq });
  }

  function keepSnapshot(id: string, before: Folded<S>, after: Folded<S>): void {
    const part = ({ state }: Folded<S>): number => Math.floor(state.revision / snapshotEvery);
    if (part(after) > part(before)) snapshots.keep(id, after);
  }

  async function known(id: string): Promise<Known<S>> {
    const cached = cache.get(id);
    if (cached !== undefined) return cached;
    return readOn(id, (await snapshots.read(id)) ?? { state: initial, streamSeq: 0 });
  }

  async function fresh(id: string): Promise<Known<S>> {
    const cached = cache.get(id);
    if (cached === undefined) return known(id);
    const last = await lastOfConversation(jsm, placeOf(id));
    // An append of ours may have gone further while the broker answered.
    const now = cache.get(id) ?? cached;
    return last === undefined || last.streamSeq <= now.streamSeq ? remember(id, now) : readOn(id, now);
  }

  return {
    placeOf,
    known,
    fresh,
    async recent(id, maxAge) {
      const state = await known(id);
      return Date.now() - state.verifiedAt <= maxAge ? state : fresh(id);
    },
    advance(id, before, event, streamSeq) {
      const after = remember(id, { state: evolve(before.state, event), streamSeq });
      keepSnapshot(id, before, after);
      return after;
    },
  };
}
