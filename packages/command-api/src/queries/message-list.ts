import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { refusedAccess } from '@parley/domain/conversation/access';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { readTimelineCursor, timelineCursor } from '@parley/domain/wire/cursor';
import { DEFAULT_PAGE } from '@parley/domain/wire/pages';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { MessagePage } from '@parley/domain/wire/views';
import type { MessageRow } from '@parley/infra/read-model/message-row';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import * as E from 'fp-ts/lib/Either.js';
import { READ_RESOURCES } from '../injection.js';
import { openMessages } from '../read/open-views.js';
import { standsStill } from '../read/standstill.js';
import { readTimeline, type Timeline } from '../read/timeline.js';
import { fitting } from './fitting.js';
import { ifSoon } from './if-soon.js';
import { type NewestPageResources, newestFromCache, newestFromCacheAndLog } from './newest-page.js';
import { untilSeen } from './until-seen.js';

type Params = QueryOf<'message.list'>;
export type Page = {
  readonly messages: readonly MessageRow[];
  readonly hasMore: boolean;
  /** Of a page around a message: whether there are older ones too. */
  readonly hasOlder?: boolean;
  /** Seq of the newest event it has seen. */
  readonly revision: number;
};

/** A page of a conversation: from Redis where that is surely right, else from Postgres. */
export class MessageList extends Query<E.Either<Refusal, MessagePage>> {
  constructor(
    readonly reader: string,
    readonly params: Params,
  ) {
    super();
  }
}

@QueryHandler(MessageList)
export class MessageListHandler implements IQueryHandler<MessageList> {
  constructor(@Inject(READ_RESOURCES) private readonly resources: NewestPageResources) {}

  async execute({ reader, params }: MessageList): Promise<E.Either<Refusal, MessagePage>> {
    const bounds = boundsOf(params);
    if (E.isLeft(bounds)) return bounds;
    const rows = await this.rows(reader, params, bounds.right);
    if (E.isLeft(rows)) return rows;
    const page = inOneMessage(rows.right, params);
    const messages = await openMessages(this.resources.vault, params.conversationId, page.messages, reader);
    return E.right({ ...placeOf(page, params), messages });
  }

  private async rows(reader: string, params: Params, bounds: Bounds): Promise<E.Either<Refusal, Page>> {
    const { conversationId, limit = DEFAULT_PAGE } = params;
    const newest = Object.keys(bounds).length === 0;
    if (newest) {
      const cached = await newestFromCache(this.resources, conversationId, reader, limit, params.minSeq);
      if (cached !== undefined) return cached;
    }
    try {
      return await this.fromPostgres(reader, params, bounds);
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      if (!newest) return E.left(refuse('Unavailable', 'older history cannot be read now'));
      return newestFromCacheAndLog(this.resources, conversationId, reader, limit);
    }
  }

  private async fromPostgres(
    reader: string,
    params: Params,
    bounds: Bounds,
  ): Promise<E.Either<Refusal, Page>> {
    const { store, database, served, now } = this.resources;
    const { conversationId, limit = DEFAULT_PAGE, around = 0 } = params;
    // Whoever names a message has heard of it.
    const minSeq = Math.max(params.minSeq ?? 0, around);
    const read = () =>
      served.read((model) =>
        readTimeline(database, { ...model, conversationId, reader, limit, now: now(), ...bounds }),
      );
    // Rows alone do not say that a conversation is not there as a whole yet, nor who was removed behind them.
    const learnt =
      store.peek(conversationId) ??
      ifSoon(
        store.recent(conversationId, MAX_AGE).catch(() => undefined),
        LEARNT_WITHIN,
      );
    const [first] = await Promise.all([read(), learnt]);
    const known = store.peek(conversationId);
    const isOpen = known === undefined || refusedAccess(known.state, reader, now()) === undefined;
    const hasSeen = first.tag === 'page' && first.revision >= minSeq && isOpen;
    if (hasSeen && !first.standsStill) return E.right(first);

    // Not a member there or here, not far enough, or not following: the log says whether that is so or only not projected yet.
    const { state } = await store.fresh(conversationId);
    const refused = refusedAccess(state, reader, now());
    if (refused !== undefined) return E.left(refused);
    if (around > state.revision) return E.left(refuse('MessageNotFound', `seq ${around}`));
    if (minSeq > state.revision) return E.left(refuse('ReadBehind', `the newest event is ${state.revision}`));
    if (hasSeen) return E.right(first);
    return untilSeen(
      read,
      (page): page is Extract<Timeline, { tag: 'page' }> => page.tag === 'page' && page.revision >= minSeq,
      () =>
        served.read(({ schema }) =>
          standsStill(database, schema, conversationId, store.placeOf(conversationId)),
        ),
    );
  }
}

/** How old, in ms, what is known of a conversation may be, and for how long an answer waits where nothing is. */
const MAX_AGE = 1_000;
const LEARNT_WITHIN = 500;

type Bounds = { readonly before?: number; readonly after?: number; readonly around?: number };

function boundsOf({ conversationId, before, after, around }: Params): E.Either<Refusal, Bounds> {
  if ([before, after, around].filter((bound) => bound !== undefined).length > 1)
    return E.left(refuse('InvalidParams', 'give one of before, after and around'));
  if (around !== undefined) return E.right({ around });
  if (before !== undefined)
    return E.map((seq: number) => ({ before: seq }))(readTimelineCursor(conversationId, before));
  if (after !== undefined)
    return E.map((seq: number) => ({ after: seq }))(readTimelineCursor(conversationId, after));
  return E.right({});
}

/**
 * What fits into one answer, because answers travel in one message of the broker: long bodies make a page shorter than was
 * asked for, never empty, and it says that there are more.
 */
function inOneMessage(page: Page, params: Params): Page {
  const { messages, revision, hasMore, hasOlder } = page;
  const ordered = mostWanted(messages, params);
  const count = fitting(ordered, ({ body }) => body?.length ?? 0);
  if (count === ordered.length) return page;
  const kept = ordered.slice(0, count).toSorted((one, other) => one.seq - other.seq);
  if (hasOlder === undefined) return { messages: kept, hasMore: true, revision };
  return {
    messages: kept,
    hasMore: hasMore || kept.at(-1) !== messages.at(-1),
    hasOlder: hasOlder || kept[0] !== messages[0],
    revision,
  };
}

/** The messages of a page, those first that it must not lack: where it goes on from, or the nearest to the one it is around. */
function mostWanted(messages: readonly MessageRow[], { after, around }: Params): readonly MessageRow[] {
  if (after !== undefined) return messages;
  if (around === undefined) return messages.toReversed();
  const from = messages.findIndex(({ seq }) => seq >= around);
  const middle = from < 0 ? messages.length : from;
  const place = (index: number): number =>
    index >= middle ? 2 * (index - middle) : 2 * (middle - index) - 1;
  return messages
    .map((row, index) => [place(index), row] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, row]) => row);
}

/** The cursor goes on where the page ends in the query's direction; forwards also from a page that has no more yet. */
function placeOf(
  { messages, hasMore, hasOlder, revision }: Page,
  { conversationId, after, around }: Params,
): Omit<MessagePage, 'messages'> {
  const [first, last] = [messages[0], messages.at(-1)];
  const forwards = after !== undefined || around !== undefined;
  const edge = forwards ? last : first;
  const goesOn = edge !== undefined && (hasMore || forwards);
  return {
    hasMore,
    revision,
    ...(goesOn ? { nextCursor: timelineCursor(conversationId, edge.seq) } : {}),
    ...(hasOlder && first !== undefined ? { previousCursor: timelineCursor(conversationId, first.seq) } : {}),
  };
}
