import type { ListPosition } from '@parley/domain/wire/cursor';
import { type ClosedView, conversationView, conversationViewsSql } from './conversation-views.js';
import { type Queryable, rowsOf } from './queryable.js';

export type ConversationsQuery = {
  readonly schema: string;
  readonly reader: string;
  /** 1 to 200. */
  readonly limit: number;
  /** Conversations behind this one in the list. */
  readonly after?: ListPosition;
  /** Time in ms: messages whose life is over by then are neither shown nor counted, nor are conversations that have ended. */
  readonly now: number;
};

export type Conversations = {
  readonly conversations: readonly ClosedView[];
  readonly hasMore: boolean;
};

/** The reader's conversations, newest activity first. */
export async function readConversations(db: Queryable, query: ConversationsQuery): Promise<Conversations> {
  const { schema, limit } = query;
  const prepared = { name: `conversations-${schema}`, text: conversationsSql(schema) };
  const rows = await rowsOf(db, prepared, [...pageValues(query)]);
  return {
    conversations: rows.slice(0, limit).map((values) => conversationView(values, 0)),
    hasMore: rows.length > limit,
  };
}

/** Parameters of a page, $1 to $5: reader, where it begins, one more than its length, and the time. */
export const pageValues = ({ reader, after, limit, now }: ConversationsQuery): readonly unknown[] => [
  reader,
  after?.lastActivityAt ?? Number.MAX_SAFE_INTEGER,
  after?.conversationId ?? '',
  limit + 1,
  now,
];

const conversationsSql = (schema: string): string => `
  with ${minePage(schema)}${conversationViewsSql(schema, '$1', '$5')}`;

/** `mine`, one page of all the reader's conversations. */
export const minePage = (schema: string): string => `mine as materialized (
    select c.*, m.role
    from ${schema}.member m
    join ${schema}.conversation c on c.conversation_id = m.conversation_id
    where m.user_id = $1 and ${onPage}
  )`;

/** Which conversations `c` are on a page, those that have ended left out; the end of a statement over them. */
export const onPage = `c.kind is not null and (c.expires_at is null or c.expires_at > $5)
    and (c.last_activity_at, c.conversation_id) < ($2, $3)
    order by c.last_activity_at desc, c.conversation_id desc
    limit $4`;
