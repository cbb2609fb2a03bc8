import type { Kind, Role } from '@parley/domain/conversation/vocabulary';
import type { ListPosition } from '@parley/domain/wire/cursor';
import type { ConversationView } from '@parley/domain/wire/views';
import { messageColumns, readMessageRow, toMessageView } from '@parley/infra/read-model/message-row';
import { type Queryable, rowsOf } from './queryable.js';

export type ConversationsQuery = {
  readonly schema: string;
  readonly reader: string;
  /** 1 to 200. */
  readonly limit: number;
  /** Conversations behind this one in the list. */
  readonly after?: ListPosition;
  /** Time in ms: messages whose life is over by then are neither shown nor counted. */
  readonly now: number;
};

export type Conversations = {
  readonly conversations: readonly ConversationView[];
  readonly hasMore: boolean;
};

/**
 * The reader's conversations, newest activity first, each with its newest message and an exact unread count. Unread is
 * what came after the reader's watermark, which is where they have read to or their own newest message, whichever is
 * later: a difference of ordinals, less what is deleted, expired or due since.
 */
export async function readConversations(db: Queryable, query: ConversationsQuery): Promise<Conversations> {
  const { schema, reader, limit, after, now } = query;
  const rows = await rowsOf(db, { name: `conversations-${schema}`, text: conversationsSql(schema) }, [
    reader,
    after?.lastActivityAt ?? Number.MAX_SAFE_INTEGER,
    after?.conversationId ?? '',
    limit + 1,
    now,
  ]);
  return {
    conversations: rows.slice(0, limit).map((values) => viewOf(values, reader)),
    hasMore: rows.length > limit,
  };
}

const conversationsSql = (schema: string): string => `
  with mine as materialized (
    select c.*, m.role
    from ${schema}.member m
    join ${schema}.conversation c on c.conversation_id = m.conversation_id
    where m.user_id = $1 and c.kind is not null and (c.last_activity_at, c.conversation_id) < ($2, $3)
    order by c.last_activity_at desc, c.conversation_id desc
    limit $4
  )
  select c.conversation_id, c.kind, c.role, c.title, c.ttl, c.closed, c.member_count, c.revision, c.last_activity_at,
    coalesce(r.read, 0), coalesce(r.delivered, 0),
    c.messages - coalesce(seen.ordinal, 0) - gone.count - due.count,
    newest.*
  from mine c
  left join ${schema}.receipt r on r.conversation_id = c.conversation_id and r.user_id = $1
  left join lateral (
    select x.seq from ${schema}.message x
    where x.conversation_id = c.conversation_id and x.author = $1 order by x.seq desc limit 1
  ) own on true
  cross join lateral (select greatest(r.read, own.seq, 0) as seq) watermark
  left join lateral (
    select x.ordinal from ${schema}.message x
    where x.conversation_id = c.conversation_id and x.seq <= watermark.seq order by x.seq desc limit 1
  ) seen on true
  cross join lateral (
    select count(*) from ${schema}.message x
    where x.conversation_id = c.conversation_id and x.seq > watermark.seq and (x.expired or x.deleted_at is not null)
  ) gone
  cross join lateral (
    select count(*) from ${schema}.message x
    where x.conversation_id = c.conversation_id and x.expires_at is not null and not x.expired
      and x.deleted_at is null and x.expires_at <= $5 and x.seq > watermark.seq
  ) due
  left join lateral (
    select ${messageColumns('x')} from ${schema}.message x
    where x.conversation_id = c.conversation_id and not x.expired and (x.expires_at is null or x.expires_at > $5)
    order by x.seq desc limit 1
  ) newest on true
  order by c.last_activity_at desc, c.conversation_id desc`;

function viewOf(values: readonly unknown[], reader: string): ConversationView {
  const [
    conversationId,
    kind,
    role,
    title,
    ttl,
    closed,
    memberCount,
    revision,
    lastActivityAt,
    read,
    delivered,
    unread,
  ] = values;
  return {
    conversationId: conversationId as string,
    kind: kind as Kind,
    role: role as Role,
    ttl: ttl as number | null,
    closed: closed as boolean,
    memberCount: Number(memberCount),
    revision: Number(revision),
    lastActivityAt: Number(lastActivityAt),
    unread: Number(unread),
    read: Number(read),
    delivered: Number(delivered),
    preview: values[PREVIEW] === null ? null : toMessageView(readMessageRow(values, PREVIEW).row, reader),
    ...(title === null ? {} : { title: title as string }),
  };
}

/** Column where the newest message begins. */
const PREVIEW = 12;
