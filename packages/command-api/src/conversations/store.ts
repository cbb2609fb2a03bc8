import type { JetStreamManager } from '@nats-io/jetstream';
import { evolve } from '@parley/domain/conversation/evolve';
import { type Conversation, initial } from '@parley/domain/conversation/state';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import {
  lastOfConversation,
  readConversation,
  type StoredEvent,
} from '@parley/infra/log/conversation-reader';
import type { Folded, Snapshots } from '@parley/infra/log/snapshots';
import { type Place, placeOf } from '@parley/infra/log/subjects';
import { isRight } from 'fp-ts/lib/Either.js';
import { LRUCache } from 'lru-cache';

/** A folded conversation and when, in ms, it was last known to be the newest. */
export type Known = Folded & { readonly verifiedAt: number };

/**
 * Folded conversations: cached in memory, from a snapshot and the events after it where they are not. What is cached may be
 * behind when another instance serves the same conversation; whoever must not be wrong asks for `fresh`.
 */
export type ConversationStore = {
  placeOf(conversationId: string): Place;
  /** The state as it is known here, loaded if it is not. */
  known(conversationId: string): Promise<Known>;
  /** The state after every event the log has now. One round trip when nothing is new. */
  fresh(conversationId: string): Promise<Known>;
  /** The known state, verified if that was longer ago than `maxAge` ms. */
  recent(conversationId: string, maxAge: number): Promise<Known>;
  /** Remembers the state after an event of ours that the log has stored. */
  advance(conversationId: string, before: Known, event: Envelope, streamSeq: number): Known;
};

export type StoreOptions = {
  readonly jsm: JetStreamManager;
  readonly snapshots: Snapshots;
  readonly partitions: number;
  /** Conversations kept in memory; the one longest unused goes first. */
  readonly maxCached: number;
  /** Told of an event that cannot be read: it counts, but changes nothing. */
  readonly onUnreadable: (conversationId: string, streamSeq: number, reason: string) => void;
};

/** Events between two snapshots of a conversation: what a cold start reads at most, besides snapshots that were lost. */
const SNAPSHOT_EVERY = 500;

export function openConversationStore(options: StoreOptions): ConversationStore {
  const { jsm, snapshots, partitions, onUnreadable } = options;
  const cache = new LRUCache<string, Known>({ max: options.maxCached });
  const placed = (conversationId: string): Place => placeOf(conversationId, partitions);

  function remember(conversationId: string, folded: Folded): Known {
    const known = { ...folded, verifiedAt: Date.now() };
    cache.set(conversationId, known);
    return known;
  }

  async function readOn(conversationId: string, from: Folded): Promise<Known> {
    let folded = from;
    for await (const stored of readConversation(jsm, placed(conversationId), from.streamSeq + 1)) {
      folded = foldStored(folded, stored, (reason) => onUnreadable(conversationId, stored.streamSeq, reason));
    }
    keepSnapshot(conversationId, from, folded);
    return remember(conversationId, folded);
  }

  function keepSnapshot(conversationId: string, before: Folded, after: Folded): void {
    const passed =
      Math.floor(after.state.revision / SNAPSHOT_EVERY) > Math.floor(before.state.revision / SNAPSHOT_EVERY);
    if (passed) snapshots.keep(conversationId, after);
  }

  async function known(conversationId: string): Promise<Known> {
    const cached = cache.get(conversationId);
    if (cached !== undefined) return cached;
    return readOn(conversationId, (await snapshots.read(conversationId)) ?? nothing);
  }

  async function fresh(conversationId: string): Promise<Known> {
    const cached = cache.get(conversationId);
    if (cached === undefined) return known(conversationId);
    const last = await lastOfConversation(jsm, placed(conversationId));
    // An append of ours may have gone further while the broker answered.
    const now = cache.get(conversationId) ?? cached;
    return last === undefined || last.streamSeq <= now.streamSeq
      ? remember(conversationId, now)
      : readOn(conversationId, now);
  }

  return {
    placeOf: placed,
    known,
    fresh,
    async recent(conversationId, maxAge) {
      const state = await known(conversationId);
      return Date.now() - state.verifiedAt <= maxAge ? state : fresh(conversationId);
    },
    advance(conversationId, before, event, streamSeq) {
      const after = remember(conversationId, { state: evolve(before.state, event), streamSeq });
      keepSnapshot(conversationId, before, after);
      return after;
    },
  };
}

const nothing: Folded = { state: initial, streamSeq: 0 };

/** An event nobody can read has happened all the same: it takes its seq and changes nothing else. */
function foldStored(
  { state }: Folded,
  { streamSeq, json }: StoredEvent,
  onUnreadable: (reason: string) => void,
): Folded {
  const envelope = decodeEnvelope(json);
  if (isRight(envelope)) return { state: evolve(state, envelope.right), streamSeq };
  onUnreadable(envelope.left);
  return { state: { ...state, revision: state.revision + 1 } as Conversation, streamSeq };
}
