import type { ClientBase } from 'pg';
import type { ConversationChanges } from './changes.js';
import { messageColumnsOf, type Sent } from './message-columns.js';

/**
 * Writes what a batch does to messages, after new ones were made as they are at its end: edits and deletions of older ones; then
 * expired ranges; then reactions to what is still there. The order matters to messages that had several of these.
 */
export async function changeMessages(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<void> {
  await amend(client, schema, all);
  await expire(client, schema, all);
  await react(client, schema, all);
}

/** Makes rows of messages, each once. */
export async function insertSent(client: ClientBase, schema: string, all: readonly Sent[]): Promise<void> {
  if (all.every(({ sent }) => sent.size === 0)) return;
  await client.query({
    name: `message-insert-${schema}`,
    text: `insert into ${schema}.message (conversation_id, seq, ordinal, author, at, sent_at, reply_to, expires_at, edited_at,
        deleted_at, expired, body)
      select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::bigint[], $10::bigint[], $11::boolean[], $12::text[])
      on conflict (conversation_id, seq) do nothing`,
    values: [...messageColumnsOf(all)],
  });
}

/** Nothing changes a message that is deleted or expired. A deleted one loses its body, its reactions and its pin. */
async function amend(client: ClientBase, schema: string, all: readonly ConversationChanges[]): Promise<void> {
  const amended = all.flatMap(({ conversationId, amended }) =>
    [...amended].map(([seq, amendment]) => ({ conversationId, seq, ...amendment })),
  );
  if (amended.length === 0) return;
  await client.query({
    name: `message-amend-${schema}`,
    text: `with amended as (
        update ${schema}.message m set
          body = case when a.deleted_at is null then a.body end,
          edited_at = case when a.deleted_at is null then coalesce(a.edited_at, m.edited_at) end,
          deleted_at = a.deleted_at,
          reactions = case when a.deleted_at is null then m.reactions else 0 end
        from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
          as a (conversation_id, seq, body, edited_at, deleted_at)
        where m.conversation_id = a.conversation_id and m.seq = a.seq and m.deleted_at is null and not m.expired
        returning m.conversation_id, m.seq, m.deleted_at
      ), unpinned as (
        delete from ${schema}.pin p using amended a
        where a.deleted_at is not null and p.conversation_id = a.conversation_id and p.seq = a.seq
      )
      delete from ${schema}.reaction r using amended a
      where a.deleted_at is not null and r.conversation_id = a.conversation_id and r.seq = a.seq`,
    values: [
      amended.map(({ conversationId }) => conversationId),
      amended.map(({ seq }) => seq),
      amended.map(({ body }) => body),
      amended.map(({ editedAt }) => editedAt),
      amended.map(({ deletedAt }) => deletedAt),
    ],
  });
}

async function expire(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<void> {
  const ranges = all.flatMap(({ conversationId, expired }) =>
    expired.map((range) => ({ conversationId, ...range })),
  );
  if (ranges.length === 0) return;
  await client.query({
    name: `message-expire-${schema}`,
    text: `with expired as (
        update ${schema}.message m set expired = true, body = null, edited_at = null, reactions = 0
        from unnest($1::text[], $2::bigint[], $3::bigint[]) as r (conversation_id, first, last)
        where m.conversation_id = r.conversation_id and m.seq between r.first and r.last and not m.expired
        returning m.conversation_id, m.seq
      ), unpinned as (
        delete from ${schema}.pin p using expired e where p.conversation_id = e.conversation_id and p.seq = e.seq
      )
      delete from ${schema}.reaction r using expired e where r.conversation_id = e.conversation_id and r.seq = e.seq`,
    values: [
      ranges.map(({ conversationId }) => conversationId),
      ranges.map(({ from }) => from),
      ranges.map(({ to }) => to),
    ],
  });
}

/** Each message's count moves by what was really added and taken away, so that a repeated reaction counts once. */
async function react(client: ClientBase, schema: string, all: readonly ConversationChanges[]): Promise<void> {
  const reactions = all.flatMap(({ conversationId, reactions }) =>
    [...reactions.values()].map((reaction) => ({ conversationId, ...reaction })),
  );
  if (reactions.length === 0) return;
  await client.query({
    name: `message-react-${schema}`,
    text: `with wanted as (
        select w.* from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::boolean[])
          as w (conversation_id, seq, emoji, user_id, present)
        join ${schema}.message m on m.conversation_id = w.conversation_id and m.seq = w.seq
        where m.deleted_at is null and not m.expired
      ), come as (
        insert into ${schema}.reaction (conversation_id, seq, emoji, user_id)
        select conversation_id, seq, emoji, user_id from wanted where present
        on conflict do nothing
        returning conversation_id, seq
      ), gone as (
        delete from ${schema}.reaction r using wanted w
        where not w.present and r.conversation_id = w.conversation_id and r.seq = w.seq and r.emoji = w.emoji
          and r.user_id = w.user_id
        returning r.conversation_id, r.seq
      ), moved as (
        select conversation_id, seq, sum(by)::int as by
        from (select *, 1 as by from come union all select *, -1 from gone) each group by conversation_id, seq
      )
      update ${schema}.message m set reactions = m.reactions + moved.by
      from moved where m.conversation_id = moved.conversation_id and m.seq = moved.seq`,
    values: [
      reactions.map(({ conversationId }) => conversationId),
      reactions.map(({ seq }) => seq),
      reactions.map(({ emoji }) => emoji),
      reactions.map(({ user }) => user),
      reactions.map(({ present }) => present),
    ],
  });
}
