import type { OpaqueBody } from '@parley/domain/conversation/body';
import type { Kind, Role } from '@parley/domain/conversation/vocabulary';
import type { ConversationView } from '@parley/domain/wire/views';
import { type MessageRow, messageColumns, readMessageRow } from '@parley/infra/read-model/message-row';
import { unreadCount, unreadJoins } from './unread.js';

/**
 * Views of the conversations in the relation `mine`, whose rows are conversations with the reader's `role`: each with its
 * newest message and an exact unread count.
 *
 * Subqueries are fenced by an offset or a limit, or a plan might read all the reader's receipts for a few views.
 *
 * @param reader parameter of the statement that names the reader; `now` the one with the time in ms.
 */
export const conversationViewsSql = (schema: string, reader: string, now: string): string => `
  select c.conversation_id, c.kind, c.role, c.title, c.ttl, c.closed, c.member_count, c.revision, c.last_activity_at,
    c.expires_at, c.hold_reason, c.hold_since, c.hold_by,
    coalesce(r.read, 0), coalesce(r.delivered, 0),
    ${unreadCount(schema, now)},
    p.stream_seq is not null,
    newest.*
  from mine c
  left join ${schema}.parked_conversation p on p.partition = c.partition and p.conversation_id = c.conversation_id
  left join lateral (
    select x.read, x.delivered from ${schema}.receipt x
    where x.conversation_id = c.conversation_id and x.user_id = ${reader} offset 0
  ) r on true
  ${unreadJoins(schema, reader, 'r.read', now)}
  left join lateral (
    select ${messageColumns('x')} from ${schema}.message x
    where x.conversation_id = c.conversation_id and not x.expired and (x.expires_at is null or x.expires_at > ${now})
    order by x.seq desc limit 1
  ) newest on true
  order by c.last_activity_at desc, c.conversation_id desc`;

/** A view as the rows have it: its title and preview are still to be opened. */
export type ClosedView = Omit<ConversationView, 'preview' | 'title' | 'sealed'> & {
  readonly title: OpaqueBody | null;
  readonly preview: MessageRow | null;
  /** The rows do not follow the log: who is a member is to be asked of the log. */
  readonly standsStill: boolean;
};

/** A view from the columns of that statement, which begin at column `at`. */
export function conversationView(values: readonly unknown[], at: number): ClosedView {
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
    expiresAt,
    holdReason,
    holdSince,
    holdBy,
    read,
    delivered,
    unread,
    standsStill,
  ] = values.slice(at);
  const preview = at + PREVIEW;
  return {
    conversationId: conversationId as string,
    kind: kind as Kind,
    title: title as OpaqueBody | null,
    role: role as Role,
    ttl: ttl as number | null,
    closed: closed as boolean,
    memberCount: Number(memberCount),
    revision: Number(revision),
    lastActivityAt: Number(lastActivityAt),
    unread: Number(unread),
    standsStill: standsStill as boolean,
    read: Number(read),
    delivered: Number(delivered),
    preview: values[preview] === null ? null : readMessageRow(values, preview).row,
    ...(expiresAt === null ? {} : { expiresAt: Number(expiresAt) }),
    ...(holdSince === null
      ? {}
      : { hold: { reason: holdReason as string, since: Number(holdSince), by: holdBy as string } }),
  };
}

/** Column where the newest message begins. */
const PREVIEW = 17;
