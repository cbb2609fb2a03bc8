import type { ClientBase } from 'pg';
import type { ConversationChanges, Erasure } from './changes.js';

/**
 * Messages and reactions of erased conversations that are removed in the transaction that erases them. Of more, the rest stays for a
 * while: nobody is a member, so nobody reads it, and no key opens it. It is found by `conversation.erased_at is not null` and
 * a message that is left, and swept a chunk at a time outside of projection, which would stand still meanwhile.
 */
export const MAX_REMOVED_AT_ONCE = 5_000;

/** What is erased loses its rows, before anything else is done to the conversation. Members go where all members go. */
export async function writeErasures(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  withCalls: boolean,
): Promise<void> {
  await removeConversations(client, schema, erasedConversations(all), withCalls);
  await removePeople(client, schema, all, withCalls);
}

/** Those that are erased as a whole. */
export const erasedConversations = (all: readonly ConversationChanges[]) => erasures(all, 'conversation');

/** Pins and receipts of a conversation are few: as many as pins and members are allowed. Its calls are few beside its messages. */
async function removeConversations(
  client: ClientBase,
  schema: string,
  erased: readonly { readonly conversationId: string }[],
  withCalls: boolean,
): Promise<void> {
  if (erased.length === 0) return;
  const ids = erased.map(({ conversationId }) => conversationId);
  for (const table of ['ban', 'pin', 'receipt', ...(withCalls ? ['call', 'call_stay'] : [])]) {
    await client.query(`delete from ${schema}.${table} where conversation_id = any ($1)`, [ids]);
  }
  for (const table of ['reaction', 'message']) {
    await client.query(
      `delete from ${schema}.${table} where ctid = any (array(
        select ctid from ${schema}.${table} where conversation_id = any ($1) limit ${MAX_REMOVED_AT_ONCE}))`,
      [ids],
    );
  }
}

/** Their messages become tombstones, and what they said to others' messages goes, and when they were in calls. All at once: it is the work of one person. */
async function removePeople(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  withCalls: boolean,
): Promise<void> {
  const erased = erasures(all, 'person');
  if (erased.length === 0) return;
  const ids = erased.map(({ conversationId }) => conversationId);
  const users = erased.map(({ user }) => user);
  await client.query(
    `with gone as (
       update ${schema}.message m set body = null, edited_at = null, deleted_at = e.at, reactions = 0
       from unnest($1::text[], $2::text[], $3::bigint[]) as e (conversation_id, user_id, at)
       where m.conversation_id = e.conversation_id and m.author = e.user_id and m.deleted_at is null and not m.expired
       returning m.conversation_id, m.seq
     ), unpinned as (
       delete from ${schema}.pin p using gone where p.conversation_id = gone.conversation_id and p.seq = gone.seq
     )
     delete from ${schema}.reaction r using gone where r.conversation_id = gone.conversation_id and r.seq = gone.seq`,
    [ids, users, erased.map(({ at }) => at)],
  );
  await client.query(
    `with taken_back as (
       delete from ${schema}.reaction r using unnest($1::text[], $2::text[]) as e (conversation_id, user_id)
       where r.conversation_id = e.conversation_id and r.user_id = e.user_id
       returning r.conversation_id, r.seq
     )
     update ${schema}.message m set reactions = m.reactions - t.count
     from (select conversation_id, seq, count(*)::int from taken_back group by conversation_id, seq) t
     where m.conversation_id = t.conversation_id and m.seq = t.seq`,
    [ids, users],
  );
  for (const table of ['receipt', ...(withCalls ? ['call_stay'] : [])])
    await client.query(
      `delete from ${schema}.${table} r using unnest($1::text[], $2::text[]) as e (conversation_id, user_id)
       where r.conversation_id = e.conversation_id and r.user_id = e.user_id`,
      [ids, users],
    );
}

function erasures<T extends Erasure['tag']>(all: readonly ConversationChanges[], tag: T) {
  return all.flatMap(({ conversationId, erasure }) =>
    erasure?.tag === tag ? [{ conversationId, ...(erasure as Extract<Erasure, { tag: T }>) }] : [],
  );
}
