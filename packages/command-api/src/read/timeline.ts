import {
  MESSAGE_COLUMNS,
  type MessageRow,
  messageColumns,
  readMessageRow,
} from '@parley/infra/read-model/message-row';
import type { ReadModel } from '@parley/infra/read-model/served-version';
import { type Prepared, type Queryable, rowsOf } from './queryable.js';
import { reactionsFor, reactionsSql } from './reactions.js';

export type TimelineQuery = ReadModel & {
  readonly conversationId: string;
  readonly reader: string;
  /** 1 to 200. */
  readonly limit: number;
  /** Messages before this seq, or after it, or half before it and half from it on; the newest without any. */
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
  /** Time in ms: messages whose life is over by then are not read, whether they are tombstoned or not, nor is a conversation that has ended. */
  readonly now: number;
};

export type Timeline =
  | {
      readonly tag: 'page';
      /** Oldest first. */
      readonly messages: readonly MessageRow[];
      /** Whether there are more in the direction of the query: newer ones for a page around a message. */
      readonly hasMore: boolean;
      /** Of a page around a message: whether there are older ones too. */
      readonly hasOlder?: boolean;
      /** Seq of the newest event these rows have seen. */
      readonly revision: number;
      /** The rows do not follow the log: who is a member is to be asked of the log. */
      readonly standsStill: boolean;
    }
  /**
   * The reader is no member as far as the read model knows, or the conversation has ended; `revision` is 0 where it knows no such
   * conversation.
   */
  | { readonly tag: 'not-member'; readonly revision: number };

/** A page of a conversation. One statement reads membership, messages and reactions, so that all are of the same moment. */
export async function readTimeline(db: Queryable, query: TimelineQuery): Promise<Timeline> {
  const { conversationId, reader, now } = query;
  const rows = await rowsOf(db, timelineStatement(query), [conversationId, reader, boundOf(query), now]);
  const first = rows[0];
  const revision = Number(first?.[0] ?? 0);
  if (first === undefined || first[1] === null) return { tag: 'not-member', revision };
  const found = first[FIRST] === null ? [] : rows.map((values) => rowOf(values, reader));
  return { tag: 'page', ...cut(found, query), revision, standsStill: first[2] === true };
}

function rowOf(values: readonly unknown[], reader: string): MessageRow {
  const reactions = reactionsFor(reader, values[FIRST + MESSAGE_COLUMNS]);
  const row = { ...readMessageRow(values, FIRST).row, reactions };
  const replies = Number(values[FIRST + MESSAGE_COLUMNS + 1]);
  return replies > 0 ? { ...row, replies } : row;
}

/** Column where the message begins; its reactions and its replies follow it. */
const FIRST = 3;

/** What was asked for of the rows that were read, which are a few more, oldest first. */
function cut(
  found: readonly MessageRow[],
  { limit, after, around }: TimelineQuery,
): Omit<Extract<Timeline, { tag: 'page' }>, 'tag' | 'revision' | 'standsStill'> {
  if (around !== undefined) {
    const from = found.findIndex(({ seq }) => seq >= around);
    const middle = from < 0 ? found.length : from;
    const [first, end] = [middle - olderHalf(limit), middle + limit - olderHalf(limit)];
    return {
      messages: found.slice(Math.max(0, first), end),
      hasMore: found.length > end,
      hasOlder: first > 0,
    };
  }
  const messages = after === undefined ? found.slice(-limit) : found.slice(0, limit);
  return { messages, hasMore: found.length > limit };
}

const olderHalf = (limit: number): number => Math.floor(limit / 2);

const boundOf = ({ before, after, around }: TimelineQuery): number =>
  around ?? after ?? before ?? Number.MAX_SAFE_INTEGER;

/**
 * The number of rows is written into the statement, rounded up to one of four: as a parameter it would be unknown to the
 * plan, which then sorts whole conversations.
 */
const SIZES = [21, 51, 101, 201];

const statements = new Map<string, Prepared>();

function timelineStatement({ schema, model, limit, after, around }: TimelineQuery): Prepared {
  const direction = around !== undefined ? 'around' : after === undefined ? 'before' : 'after';
  const wanted = direction === 'around' ? limit - olderHalf(limit) : limit;
  const size = SIZES.find((rows) => rows > wanted) ?? wanted + 1;
  const name = `timeline-${direction}-${size}-${schema}-${model}`;
  const known = statements.get(name);
  if (known !== undefined) return known;
  const columns = Array.from({ length: MESSAGE_COLUMNS + 2 }, (_, index) => `c${index}`);
  const text = `
    select c.revision, m.user_id, p.stream_seq is not null, ${columns.map((column) => `page.${column}`).join(', ')}
    from ${schema}.conversation c
    left join ${schema}.member m on m.conversation_id = c.conversation_id and m.user_id = $2
      and (c.expires_at is null or c.expires_at > $4)
    left join ${schema}.parked_conversation p on p.partition = c.partition and p.conversation_id = c.conversation_id
    left join lateral (
      ${runs[direction].map(([bound, order]) => `(${runSql({ schema, model }, bound, order, size)})`).join(' union all ')}
    ) page (${columns.join(', ')}) on true
    where c.conversation_id = $1
    order by page.c0`;
  const prepared = { name, text };
  statements.set(name, prepared);
  return prepared;
}

/** Runs of messages that a page is made of: on which side of the bound, and the nearest to it first. */
const runs = {
  before: [['<', 'desc']],
  after: [['>', 'asc']],
  around: [
    ['<', 'desc'],
    ['>=', 'asc'],
  ],
} as const;

const runSql = ({ schema, model }: ReadModel, bound: string, order: string, size: number): string => `
      select ${messageColumns('x')}, ${reactionsSql(schema, 'x', '$2')}, ${model < 2 ? '0' : repliesSql(schema)}
      from ${schema}.message x
      where x.conversation_id = $1 and x.seq ${bound} $3 and not x.expired
        and (x.expires_at is null or x.expires_at > $4) and m.user_id is not null
      order by x.seq ${order} limit ${size}`;

/** Replies that are shown: where something of the conversation is over and has no tombstone yet, those that are over are counted out. */
const repliesSql = (schema: string): string => `
      case when x.replies = 0 or c.next_due is null or c.next_due > $4 then x.replies
      else x.replies - (
        select count(*) from ${schema}.message r
        where r.conversation_id = x.conversation_id and r.reply_to = x.seq and r.seq > x.seq and not r.expired
          and r.deleted_at is null and r.expires_at <= $4
      ) end`;
