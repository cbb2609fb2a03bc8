import {
  MESSAGE_COLUMNS,
  type MessageRow,
  messageColumns,
  readMessageRow,
} from '@parley/infra/read-model/message-row';
import { type Prepared, type Queryable, rowsOf } from './queryable.js';
import { withReactions } from './reactions.js';

export type TimelineQuery = {
  readonly schema: string;
  readonly conversationId: string;
  readonly reader: string;
  /** 1 to 200. */
  readonly limit: number;
  /** Messages before this seq, or after it; the newest without either. */
  readonly before?: number;
  readonly after?: number;
  /** Time in ms: messages whose life is over by then are not read, whether they are tombstoned or not. */
  readonly now: number;
};

export type Timeline =
  | {
      readonly tag: 'page';
      /** Oldest first. */
      readonly messages: readonly MessageRow[];
      /** Whether there are more in the direction of the query. */
      readonly hasMore: boolean;
      /** Seq of the newest event these rows have seen. */
      readonly revision: number;
    }
  /** The reader is no member as far as the read model knows; `revision` is 0 where it knows no such conversation. */
  | { readonly tag: 'not-member'; readonly revision: number };

/**
 * A page of a conversation. One statement reads membership and messages, so that both are of the same moment; a second
 * one reads reactions where there are any.
 */
export async function readTimeline(db: Queryable, query: TimelineQuery): Promise<Timeline> {
  const { schema, conversationId, reader, limit, now } = query;
  const direction = query.after === undefined ? 'before' : 'after';
  const from = query.after ?? query.before ?? Number.MAX_SAFE_INTEGER;
  const rows = await rowsOf(db, timelineStatement(schema, direction, limit), [
    conversationId,
    reader,
    from,
    now,
  ]);
  const first = rows[0];
  const revision = Number(first?.[0] ?? 0);
  if (first === undefined || first[1] === null) return { tag: 'not-member', revision };
  if (first[2] === null) return { tag: 'page', messages: [], hasMore: false, revision };
  const found = rows.slice(0, limit).map((values) => readMessageRow(values, 2));
  if (direction === 'before') found.reverse();
  const messages = await withReactions(db, { schema, conversationId, reader }, found);
  return { tag: 'page', messages, hasMore: rows.length > limit, revision };
}

/**
 * The number of rows is written into the statement, rounded up to one of four: as a parameter it would be unknown to the
 * plan, which then sorts whole conversations.
 */
const SIZES = [21, 51, 101, 201];

const statements = new Map<string, Prepared>();

function timelineStatement(schema: string, direction: 'before' | 'after', limit: number): Prepared {
  const size = SIZES.find((rows) => rows > limit) ?? limit + 1;
  const name = `timeline-${direction}-${size}-${schema}`;
  const known = statements.get(name);
  if (known !== undefined) return known;
  const [bound, order] = direction === 'before' ? ['<', 'desc'] : ['>', 'asc'];
  const columns = Array.from({ length: MESSAGE_COLUMNS }, (_, index) => `page.c${index}`).join(', ');
  const text = `
    select c.revision, m.user_id, ${columns}
    from ${schema}.conversation c
    left join ${schema}.member m on m.conversation_id = c.conversation_id and m.user_id = $2
    left join lateral (
      select ${messageColumns('x')} from ${schema}.message x
      where x.conversation_id = $1 and x.seq ${bound} $3 and not x.expired
        and (x.expires_at is null or x.expires_at > $4) and m.user_id is not null
      order by x.seq ${order} limit ${size}
    ) page (${Array.from({ length: MESSAGE_COLUMNS }, (_, index) => `c${index}`).join(', ')}) on true
    where c.conversation_id = $1
    order by page.c0 ${order}`;
  const prepared = { name, text };
  statements.set(name, prepared);
  return prepared;
}
