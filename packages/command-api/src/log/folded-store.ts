import type { JetStreamManager } from '@nats-io/jetstream';
import { seqOf } from '@parley/domain/log/seq-of';
import {
  type EventPlace,
  lastOfConversation,
  lastOfConversations,
  readConversation,
  type StoredEvent,
} from '@parley/infra/log/conversation-reader';
import type { Folded, Snapshots } from '@parley/infra/log/snapshots';
import type { Place } from '@parley/infra/log/subjects';
import { openLimiter } from '@parley/infra/runtime/limiter';
import { steadyNow } from '@parley/infra/runtime/steady-now';
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
  /** The state as it is in memory, perhaps of the past. */
  peek(id: string): Known<S> | undefined;
  /** The state as it is known here, loaded if it is not. */
  known(id: string): Promise<Known<S>>;
  /** The state after every event the log has now. One round trip when nothing is new. */
  fresh(id: string): Promise<Known<S>>;
  /** The same for many, with few round trips for all of them together; each settles for itself. */
  freshEach(ids: readonly string[]): readonly Promise<Known<S>>[];
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
  /** Told of each event that becomes part of a state, in order; of some again when they are read again. */
  readonly onFolded?: (id: string, event: E) => void;
};

export type FoldedStoreOptions<S> = {
  readonly jsm: JetStreamManager;
  readonly snapshots: Snapshots<S>;
  /** States kept in memory, in number or, where they are weighed, in weight; the one longest unused goes first. */
  readonly maxCached: number;
  /** Told of an event that cannot be read: it counts, but changes nothing. */
  readonly onUnreadable: (id: string, streamSeq: number, reason: string) => void;
};

type Revised = { readonly revision: number };

/** Where the newest event folded is. */
export const headOf = ({ state, streamSeq }: Folded<Revised>): EventPlace => ({
  seq: state.revision,
  streamSeq,
});

/** States loaded from the log at once; the others wait, bounded by who asks. */
const LOADS_AT_ONCE = 32;

/** From this revision on, snapshots are also kept whenever it has doubled, until they come regularly. */
const FIRST_SNAPSHOT = 32;

export function openFoldedStore<S extends Revised, E>(
  { placeOf, initial, decode, evolve, sizeOf, snapshotEvery, onFolded = () => undefined }: Folding<S, E>,
  { jsm, snapshots, maxCached, onUnreadable }: FoldedStoreOptions<S>,
): FoldedStore<S, E> {
  const cache = new LRUCache<string, Known<S>>(
    sizeOf === undefined
      ? { max: maxCached }
      : { maxSize: maxCached, sizeCalculation: ({ state }) => sizeOf(state) },
  );
  const nothing: Folded<S> = { state: initial, streamSeq: 0 };
  const loading = new Map<string, Promise<Known<S>>>();
  const loads = openLimiter(LOADS_AT_ONCE);

  function remember(id: string, folded: Folded<S>): Known<S> {
    const known = { ...folded, verifiedAt: steadyNow() };
    cache.set(id, known);
    return known;
  }

  async function readOn(id: string, from: Folded<S>): Promise<Known<S>> {
    let { state } = from;
    let last: StoredEvent | undefined;
    for await (const stored of readConversation(jsm, placeOf(id), from.streamSeq + 1)) {
      state = fold(id, state, stored);
      last = stored;
    }
    const folded = { state, streamSeq: last?.streamSeq ?? from.streamSeq };
    keepSnapshot(id, from, folded);
    return remember(id, folded);
  }

  function fold(id: string, state: S, stored: StoredEvent): S {
    const event = decode(stored.json);
    if (isRight(event)) {
      onFolded(id, event.right);
      return evolve(state, event.right);
    }
    onUnreadable(id, stored.streamSeq, event.left);
    // An event nobody can read has happened all the same: it takes its seq and changes nothing else.
    const revision = Math.max(seqOf(stored.json) ?? state.revision + 1, state.revision);
    return { ...state, revision };
  }

  function keepSnapshot(id: string, { state: before }: Folded<S>, after: Folded<S>): void {
    const { revision } = after.state;
    const part = (of: number): number => Math.floor(of / snapshotEvery);
    const isDoubled =
      revision >= FIRST_SNAPSHOT && Math.log2(revision) >= Math.floor(Math.log2(before.revision)) + 1;
    if (part(revision) > part(before.revision) || (isDoubled && revision < snapshotEvery))
      snapshots.keep(id, after);
  }

  /** From a snapshot on, to the end or, where that is known, to the log's newest event. Asked for twice it is done once. */
  function load(id: string, last?: StoredEvent): Promise<Known<S>> {
    const underWay = loading.get(id);
    if (underWay !== undefined) return underWay;
    const loaded = loads
      .run(async () => {
        const from = (isFirst(last) ? undefined : await snapshots.read(id)) ?? nothing;
        return last === undefined ? readOn(id, from) : readUpTo(id, from, last);
      })
      .finally(() => loading.delete(id));
    loading.set(id, loaded);
    return loaded;
  }

  const known = async (id: string): Promise<Known<S>> => cache.get(id) ?? load(id);

  async function fresh(id: string): Promise<Known<S>> {
    // What is being loaded already may have been read before now.
    if (!cache.has(id) && !loading.has(id)) return load(id);
    return upTo(id, await lastOfConversation(jsm, placeOf(id)));
  }

  /** The state with the log's newest event, as it was said to be a moment ago. */
  async function upTo(id: string, last: StoredEvent | undefined): Promise<Known<S>> {
    if (last === undefined) return remember(id, cache.get(id) ?? nothing);
    return readUpTo(id, cache.get(id) ?? (await load(id, last)), last);
  }

  async function readUpTo(id: string, from: Folded<S>, last: StoredEvent): Promise<Known<S>> {
    // An append of ours may have gone further while the broker answered.
    if (last.streamSeq <= from.streamSeq) return remember(id, from);
    if (seqOf(last.json) !== from.state.revision + 1) return readOn(id, from);
    const folded = { state: fold(id, from.state, last), streamSeq: last.streamSeq };
    keepSnapshot(id, from, folded);
    return remember(id, folded);
  }

  function freshEach(ids: readonly string[]): readonly Promise<Known<S>>[] {
    const lasts = lastOfConversations(jsm, ids.map(placeOf));
    return ids.map(async (id, index) => upTo(id, (await lasts)[index]));
  }

  return {
    placeOf,
    peek: (id) => cache.get(id),
    known,
    fresh,
    freshEach,
    async recent(id, maxAge) {
      const state = await known(id);
      return steadyNow() - state.verifiedAt <= maxAge ? state : fresh(id);
    },
    advance(id, before, event, streamSeq) {
      onFolded(id, event);
      const after = remember(id, { state: evolve(before.state, event), streamSeq });
      keepSnapshot(id, before, after);
      return after;
    },
  };
}

/** There is no snapshot before the first event. */
const isFirst = (event: StoredEvent | undefined): boolean => seqOf(event?.json) === 1;
