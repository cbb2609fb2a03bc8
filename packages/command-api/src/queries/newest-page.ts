import type { JetStreamManager } from '@nats-io/jetstream';
import { refusedAccess } from '@parley/domain/conversation/access';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { readConversation, streamSeqUpTo } from '@parley/infra/log/conversation-reader';
import { isShown } from '@parley/infra/read-model/message-row';
import { decodePage, foldForward, type NewestPage, pageKey } from '@parley/infra/read-model/newest-page';
import { withReplies } from '@parley/infra/read-model/page-replies';
import { knownModel, type ReadModel, type ServedVersion } from '@parley/infra/read-model/served-version';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import type { ConversationStore, Known } from '../conversations/store.js';
import { headOf } from '../log/folded-store.js';
import type { Queryable } from '../read/queryable.js';
import type { CaughtUp } from './caught-up.js';
import type { Page } from './message-list.js';

export type NewestPageResources = {
  readonly store: ConversationStore;
  readonly jsm: JetStreamManager;
  readonly database: Queryable;
  readonly redis: Redis;
  readonly pages: PageMemory;
  readonly vault: Vault;
  readonly served: ServedVersion;
  /** Waits a moment for the rows to have what the log has. */
  readonly caughtUp: CaughtUp;
  /** Time in ms. */
  readonly now: () => number;
  /** For how long, in ms, who received and read a message is told after its end. */
  readonly proofOfDelivery: number;
  readonly partitions: number;
};

/** Pages as they were read of late, by their keys, their bodies sealed: at a revision a page is what it is, so one of the right revision need not be read again. */
export type PageMemory = LRUCache<string, NewestPage>;

/** Pages that are remembered, and characters of bodies in all of them. */
const MAX_PAGES = 2_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;

export const openPageMemory = (): PageMemory =>
  new LRUCache({
    max: MAX_PAGES,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ messages }) => messages.reduce((sum, { body }) => sum + (body?.length ?? 0), 1),
  });

/** How old, in ms, knowledge of a conversation may be for its cached page to be served by it. */
const MAX_AGE = 1_000;

/**
 * The newest page from memory or Redis, or undefined where Postgres must be asked. A page is right if its revision is that of the
 * folded state, which also says who is a member: both are then of the same moment, so nobody sees what came after they
 * left, and a page that was left behind by a crash is not served.
 */
export async function newestFromCache(
  resources: NewestPageResources,
  conversationId: string,
  reader: string,
  limit: number,
  minSeq = 0,
): Promise<E.Either<Refusal, Page> | undefined> {
  const { store, redis, pages, now } = resources;
  const model = await knownModel(resources.served);
  if (model === undefined) return undefined;
  const key = pageKey(model.schema, conversationId);
  const remembered = pages.get(key);
  const found = remembered ?? (await cachedPage(redis, key));
  if (found === undefined) return undefined;
  const known = await store.recent(conversationId, MAX_AGE).catch(() => undefined);
  if (known === undefined || known.state.revision < minSeq) return undefined;
  const isRight = (page: NewestPage | undefined): page is NewestPage =>
    page?.revision === known.state.revision;
  const page = isRight(found) || remembered === undefined ? found : await cachedPage(redis, key);
  if (!isRight(page)) return undefined;
  if (page !== remembered) pages.set(key, page);
  if (refusedAccess(known.state, reader, now()) !== undefined) return undefined;
  const newest = lastOf(page, limit, now(), model);
  return newest === undefined ? undefined : E.right(newest);
}

/** The newest page while Postgres is down: the cached one, brought forward by the events the log has after it. */
export async function newestFromCacheAndLog(
  resources: NewestPageResources,
  conversationId: string,
  reader: string,
  limit: number,
): Promise<E.Either<Refusal, Page>> {
  const { store, redis, now } = resources;
  const model = await knownModel(resources.served);
  const page = model && (await cachedPage(redis, pageKey(model.schema, conversationId)));
  const known = await store.fresh(conversationId);
  const refused = refusedAccess(known.state, reader, now());
  if (refused !== undefined) return E.left(refused);
  if (model === undefined || page === undefined)
    return E.left(refuse('Unavailable', 'history cannot be read now'));
  const forward = foldForward(page, await eventsAfter(resources, conversationId, known, page.revision));
  const newest = lastOf(forward, limit, now(), model);
  return newest === undefined
    ? E.left(refuse('Unavailable', 'fewer messages can be read now'))
    : E.right(newest);
}

async function cachedPage(redis: Redis, key: string): Promise<NewestPage | undefined> {
  const text = await redis.get(key).catch(() => null);
  return text === null ? undefined : decodePage(text);
}

async function eventsAfter(
  { store, jsm }: NewestPageResources,
  conversationId: string,
  known: Known,
  revision: number,
): Promise<readonly Envelope[]> {
  if (revision >= known.state.revision) return [];
  const place = store.placeOf(conversationId);
  // The page's newest event may have been erased since: then from where it was, and not from the beginning.
  const last = await streamSeqUpTo(jsm, place, revision, headOf(known));
  const events: Envelope[] = [];
  for await (const { json } of readConversation(jsm, place, last + 1)) {
    const envelope = decodeEnvelope(json);
    // What comes after it was decided in its knowledge: as rows would, the page stands still before it.
    if (E.isLeft(envelope)) break;
    events.push(envelope.right);
  }
  return events;
}

/** The newest `limit` rows of a cached page; undefined where the page cannot tell whether there are more before them. */
function lastOf(page: NewestPage, limit: number, now: number, { model }: ReadModel): Page | undefined {
  const { revision } = page;
  const counted = model < 2 ? page.messages : withReplies(page.messages, now);
  const visible = counted.filter((row) => isShown(row, now));
  if (visible.length > limit) return { messages: visible.slice(-limit), hasMore: true, revision };
  return visible[0]?.ordinal === 1 || page.messages.length === 0
    ? { messages: visible, hasMore: false, revision }
    : undefined;
}
