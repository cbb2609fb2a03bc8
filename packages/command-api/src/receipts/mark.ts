import type { JetStreamManager } from '@nats-io/jetstream';
import { refusedAccess } from '@parley/domain/conversation/access';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { rememberedUnread } from '@parley/domain/conversation/remembered-unread';
import { type Conversation, stands } from '@parley/domain/conversation/state';
import { advance } from '@parley/domain/conversation/watermark';
import { decodeWith } from '@parley/domain/text';
import { type LoggedReceipt, type ReceiptMark, Watermarks } from '@parley/domain/wire/receipts';
import { append } from '@parley/infra/log/append';
import { logText } from '@parley/infra/log/log-text';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import { receiptPlaceOf } from '@parley/infra/log/subjects';
import * as E from 'fp-ts/lib/Either.js';
import { LRUCache } from 'lru-cache';
import type { ConversationStore, Known } from '../conversations/store.js';
import type { Turns } from '../conversations/turns.js';
import type { CountedUnread } from '../read/unread.js';
import type { CountUnread } from './unread-counter.js';

export type ReceiptResources = {
  readonly store: ConversationStore;
  readonly turns: Turns;
  readonly window: PublishWindow;
  readonly jsm: JetStreamManager;
  readonly partitions: number;
  readonly cache: ReceiptCache;
  readonly countUnread: CountUnread;
};

/** The newest watermarks of a user in a conversation, and the stream sequence that holds them. */
type Kept = { readonly streamSeq: number; readonly watermarks: Watermarks | undefined };
export type ReceiptCache = LRUCache<string, Kept>;

export const openReceiptCache = (max: number): ReceiptCache => new LRUCache({ max });

const MAX_ATTEMPTS = 8;

/**
 * Moves a member's watermarks forward, never back, and answers where they are. The newest are kept in the log by
 * compare-and-set, so that two devices marking at once cannot undo each other.
 */
export async function mark(
  resources: ReceiptResources,
  user: string,
  receipt: ReceiptMark,
  at: number,
): Promise<E.Either<Refusal, Watermarks>> {
  const { conversationId } = receipt;
  const outcome = await resources.turns.take(`${conversationId}/${user}`, () =>
    move(resources, user, receipt, at),
  );
  return outcome ?? E.left(refuse('TooManyRequests'));
}

async function move(
  resources: ReceiptResources,
  user: string,
  receipt: ReceiptMark,
  at: number,
): Promise<E.Either<Refusal, Watermarks>> {
  const { store, window, partitions, cache } = resources;
  const { conversationId } = receipt;
  const refusal = await refusedToMark(store, user, receipt, at);
  if (refusal !== undefined) return E.left(refusal);
  const key = `${conversationId}/${user}`;
  const { state } = await store.known(conversationId);

  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
    const kept = cache.get(key) ?? (await read(resources, conversationId, user));
    const moved = advance(kept.watermarks, receipt, state.revision);
    if (E.isLeft(moved)) return moved;
    const { delivered, read: seen, tag } = moved.right;
    if (tag === 'unchanged') {
      cache.set(key, kept);
      return E.right(kept.watermarks ?? { conversationId, user, delivered, read: seen, at });
    }
    const hasRead = seen > (kept.watermarks?.read ?? 0);
    const unread = hasRead
      ? await unreadAfter(resources, state, { conversationId, user, read: seen })
      : undefined;
    const watermarks: Watermarks = { conversationId, user, delivered, read: seen, at, ...unread };
    const logged: LoggedReceipt = { ...watermarks, members: stands(state) ? state.members.size : 0 };
    const appended = await append(window, {
      place: receiptPlaceOf(conversationId, user, partitions),
      payload: logText(logged),
      expected: kept.streamSeq,
      messageId: `${key}:${delivered}:${seen}`,
    });
    if (appended.tag === 'stored') {
      cache.set(key, { streamSeq: appended.streamSeq, watermarks });
      return E.right(watermarks);
    }
    cache.delete(key);
    if (appended.tag === 'refused') return E.left(refuse('Unavailable', appended.reason));
  }
  return E.left(refuse('Unavailable', 'others were faster each time'));
}

/** Only members mark, and only what is there; a refusal is checked against the log once more. */
async function refusedToMark(
  store: ConversationStore,
  user: string,
  receipt: ReceiptMark,
  at: number,
): Promise<Refusal | undefined> {
  const furthest = Math.max(receipt.delivered ?? 0, receipt.read ?? 0);
  const refused = ({ state }: Known): Refusal | undefined =>
    refusedAccess(state, user, at) ??
    (furthest > state.revision
      ? refuse('BeyondTheHead', `the newest event is ${state.revision}`)
      : undefined);
  if (refused(await store.known(receipt.conversationId)) === undefined) return undefined;
  return refused(await store.fresh(receipt.conversationId));
}

async function read(
  { jsm, partitions }: ReceiptResources,
  conversationId: string,
  user: string,
): Promise<Kept> {
  const { stream, subject } = receiptPlaceOf(conversationId, user, partitions);
  const message = await jsm.direct.getMessage(stream, { last_by_subj: subject });
  if (message === null) return { streamSeq: 0, watermarks: undefined };
  const watermarks = decodeWith(Watermarks, message.json());
  return { streamSeq: message.seq, watermarks: E.isRight(watermarks) ? watermarks.right : undefined };
}

/** From memory where they have read everything, as most marks do; else as far as the rows have come. */
async function unreadAfter(
  { countUnread }: ReceiptResources,
  state: Conversation,
  reader: Parameters<CountUnread>[0],
): Promise<CountedUnread | undefined> {
  const unread = rememberedUnread(state, reader.user, reader.read);
  return unread === undefined ? countUnread(reader) : { unread, revision: state.revision };
}
