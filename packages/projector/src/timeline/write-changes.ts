import type { ClientBase } from 'pg';
import type { CheckpointMove } from '../checkpoint.js';
import { windowBegan } from '../window.js';
import type { ConversationChanges, TimelineChanges } from './changes.js';
import { ALWAYS, MAX_MARKED } from './marks.js';
import { restoreErased } from './restore-erased.js';
import { writeMembers } from './write-members.js';
import { writeMessages } from './write-messages.js';

/** Who became a member and who is none any more, as rows say, for whoever keeps sets of them. */
export type Moved = { readonly conversationId: string; readonly user: string };
export type Written = { readonly entered: readonly Moved[]; readonly left: readonly Moved[] };

/**
 * Writes what a batch changes, with a handful of statements however long it is. Runs inside the caller's transaction,
 * after the checkpoint has moved.
 */
export async function writeChanges(
  client: ClientBase,
  schema: string,
  changes: TimelineChanges,
  move: CheckpointMove,
): Promise<Written> {
  const all = [...changes.values()];
  await restoreErased(client, schema, all, move.claimed);
  await writeMessages(client, schema, all);
  const { entered, left, counts } = await writeMembers(client, schema, all, move);
  await writeConversations(client, schema, all, counts, move);
  return { entered, left };
}

/**
 * One update for all conversations touched. Those that are not there yet are made first: the ones that began in this
 * batch, and, if the update does not find all, the ones whose beginning could not be read.
 */
async function writeConversations(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  counts: ReadonlyMap<string, number>,
  move: CheckpointMove,
): Promise<void> {
  await insertConversations(
    client,
    schema,
    all.filter(({ kind }) => kind !== undefined),
  );
  const updated = await updateConversations(client, schema, all, counts, move);
  if (updated === all.length) return;
  const missing = await missingConversations(client, schema, all);
  await insertConversations(client, schema, missing);
  await updateConversations(client, schema, missing, counts, move);
}

async function missingConversations(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<readonly ConversationChanges[]> {
  const { rows } = await client.query<{ conversation_id: string }>(
    `select conversation_id from ${schema}.conversation where conversation_id = any ($1)`,
    [all.map(({ conversationId }) => conversationId)],
  );
  const there = new Set(rows.map((row) => row.conversation_id));
  return all.filter(({ conversationId }) => !there.has(conversationId));
}

async function insertConversations(
  client: ClientBase,
  schema: string,
  made: readonly ConversationChanges[],
): Promise<void> {
  if (made.length === 0) return;
  await client.query({
    name: `conversation-insert-${schema}`,
    text: `insert into ${schema}.conversation (conversation_id, kind, revision, last_activity_at)
      select id, kind, 0, 0 from unnest($1::text[], $2::text[]) as made (id, kind)
      on conflict (conversation_id) do nothing`,
    values: [made.map(({ conversationId }) => conversationId), made.map(({ kind }) => kind ?? null)],
  });
}

/**
 * Rows found. What did not change is null and stays; ttl has a flag besides, because null is one of its values. The mark is
 * passed on to the members where it changes: once in a window.
 */
async function updateConversations(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  counts: ReadonlyMap<string, number>,
  { windows }: CheckpointMove,
): Promise<number> {
  const { rows } = await client.query<{ found: string }>({
    name: `conversation-update-${schema}`,
    text: `with updated as (
        update ${schema}.conversation c set
          kind = coalesce(c.kind, b.kind),
          title = coalesce(b.title, c.title),
          ttl = case when b.ttl_set then b.ttl else c.ttl end,
          closed = c.closed or b.closed,
          revision = greatest(c.revision, b.revision),
          messages = greatest(c.messages, b.messages),
          last_activity_at = greatest(c.last_activity_at, b.last_activity_at),
          member_count = c.member_count + b.members,
          changed = b.changed,
          marked = case when c.member_count + b.members > ${MAX_MARKED} then ${ALWAYS} else b.marked end
        from unnest($1::text[], $2::text[], $3::boolean[], $4::int[], $5::boolean[], $6::bigint[], $7::bigint[],
          $8::bigint[], $9::int[], $10::text[], $11::bigint[], $12::bigint[])
          as b (id, title, ttl_set, ttl, closed, revision, messages, last_activity_at, members, kind, changed, marked)
        join ${schema}.conversation before on before.conversation_id = b.id
        where c.conversation_id = b.id
        returning c.conversation_id, c.marked, before.marked as marked_before
      ), marking as (
        update ${schema}.member m set marked = u.marked
        from updated u
        where u.marked <> u.marked_before and m.conversation_id = u.conversation_id and m.marked <> u.marked
      )
      select count(*) as found from updated`,
    values: [
      all.map(({ conversationId }) => conversationId),
      all.map(({ title }) => title ?? null),
      all.map(({ ttl }) => ttl !== undefined),
      all.map(({ ttl }) => ttl ?? null),
      all.map(({ closed }) => closed === true),
      all.map(({ revision }) => revision),
      all.map(({ messages }) => messages),
      all.map(({ lastActivityAt }) => lastActivityAt),
      all.map(({ conversationId }) => counts.get(conversationId) ?? 0),
      all.map(({ kind }) => kind ?? null),
      all.map(({ changed }) => changed),
      all.map(({ changed }) => windowBegan(windows, changed)),
    ],
  });
  return Number(rows[0]?.found);
}
