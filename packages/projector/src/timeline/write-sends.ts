import type { ClientBase } from 'pg';
import { type CheckpointMove, checkpointSql, checkpointValues, Superseded } from '../checkpoint.js';
import { windowBegan } from '../window.js';
import type { ConversationChanges, TimelineChanges } from './changes.js';
import { firstDue } from './due.js';
import { messageColumnsOf } from './message-columns.js';
import { countsReplies, isReply } from './write-replies.js';

/** Whether a batch does nothing but send messages, as most do, none of them in reply to another of the batch. */
export const onlySends = (changes: TimelineChanges): boolean =>
  changes.length === 1 && (changes[0] as readonly ConversationChanges[]).every(onlySendsIn);

/** Whether all that a step does in a conversation is to send messages. */
export const onlySendsIn = (one: ConversationChanges): boolean =>
  one.kind === undefined &&
  one.title === undefined &&
  one.ttl === undefined &&
  one.closed === undefined &&
  one.expiresAt === undefined &&
  one.hold === undefined &&
  one.erasure === undefined &&
  one.imported !== 'whole' &&
  !one.sent.values().some((message) => isReply(message) && one.sent.has(message.replyTo)) &&
  one.erased.length +
    one.members.size +
    one.bans.size +
    one.amended.size +
    one.expired.length +
    one.reactions.size +
    one.pins.size +
    one.calls.length ===
    0;

/**
 * Moves the checkpoint and writes messages, conversations and their members' marks by one statement, which is its own transaction: one
 * exchange with the database where the general way takes five. Nothing is written where the checkpoint does not move.
 *
 * @throws Superseded when it is not where the move says.
 */
export async function writeSends(
  client: ClientBase,
  schema: string,
  move: CheckpointMove,
  changes: TimelineChanges,
): Promise<void> {
  const all = changes.flat();
  const withReplies = countsReplies(move.from.model) && all.some(({ sent }) => sent.values().some(isReply));
  const { rows } = await client.query<{ moved: boolean }>({
    name: `sends${withReplies ? '-replies' : ''}-${schema}`,
    text: `with moved as (
        ${checkpointSql(schema)}
        returning 1
      ), sent as (
        insert into ${schema}.message (conversation_id, seq, ordinal, author, at, sent_at, reply_to, expires_at, edited_at,
          deleted_at, expired, body)
        select m.* from unnest($10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[], $15::bigint[],
          $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::boolean[], $21::text[]) m
        where exists (select from moved)
        on conflict (conversation_id, seq) do nothing
        ${withReplies ? 'returning conversation_id, seq, reply_to, deleted_at, expired' : ''}
      )${withReplies ? repliedSql(schema) : ''}, batch as (
        select * from unnest($22::text[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[],
          $28::bigint[]) as b (conversation_id, revision, messages, last_activity_at, changed, marked, next_due)
        where exists (select from moved)
      ), marking as (
        update ${schema}.member m set marked = b.marked
        from batch b join ${schema}.conversation c on c.conversation_id = b.conversation_id and c.marked < b.marked
        where m.conversation_id = c.conversation_id
      ), touched as (
        insert into ${schema}.conversation as c (conversation_id, revision, messages, last_activity_at, changed, marked, next_due,
          partition)
        select batch.*, $29 from batch
        on conflict (conversation_id) do update set
          revision = greatest(c.revision, excluded.revision),
          messages = greatest(c.messages, excluded.messages),
          last_activity_at = greatest(c.last_activity_at, excluded.last_activity_at),
          changed = excluded.changed,
          marked = greatest(c.marked, excluded.marked),
          next_due = least(c.next_due, excluded.next_due)
      )
      select exists (select from moved) as moved`,
    values: [
      ...checkpointValues(move),
      ...messageColumnsOf(all),
      all.map(({ conversationId }) => conversationId),
      all.map(({ revision }) => revision),
      all.map(({ messages }) => messages),
      all.map(({ lastActivityAt }) => lastActivityAt),
      all.map(({ changed }) => changed),
      all.map(({ changed }) => windowBegan(move.windows, changed)),
      all.map(firstDue),
      move.share.partition,
    ],
  });
  if (rows[0]?.moved !== true) throw new Superseded(move.share);
}

/** What was sent in reply counts where it was sent to, which is no message of this batch. */
const repliedSql = (schema: string): string => `, replied as (
        update ${schema}.message m set replies = m.replies + r.count
        from (
          select conversation_id, reply_to, count(*)::int from sent
          where reply_to < seq and deleted_at is null and not expired group by conversation_id, reply_to
        ) r
        where m.conversation_id = r.conversation_id and m.seq = r.reply_to
      )`;
