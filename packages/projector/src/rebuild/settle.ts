import type { Model } from '@parley/infra/read-model/models';
import type { ClientBase } from 'pg';
import { countAllReplies, countsReplies } from '../timeline/write-replies.js';
import { tablesOf } from './postponed.js';

/**
 * Makes good, for all rows at once, what a load leaves behind because it takes an index for each: what is left of erased
 * conversations, what sending did to each, what is due next in it, what members are marked with, and replies. Done again it changes nothing.
 */
export async function settleRows(client: ClientBase, schema: string, model: Model): Promise<void> {
  for (const table of await tablesOf(client, schema)) await client.query(`analyze ${table}`);
  await client.query(activitySql(schema));
  await removeErased(client, schema);
  for (const statement of statements(schema)) await client.query(statement);
  if (countsReplies(model)) await countAllReplies(client, schema);
}

/** The transaction that erases a conversation removes so many rows, and who sweeps the rest does so in the version that is served. */
async function removeErased(client: ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    `select conversation_id as id from ${schema}.conversation where erased_at is not null`,
  );
  if (rows.length === 0) return;
  for (const table of ['reaction', 'receipt', 'message'])
    await client.query(`delete from ${schema}.${table} where conversation_id = any ($1)`, [
      rows.map(({ id }) => id),
    ]);
}

/**
 * What sending did to conversations, in steps that did nothing else. Of one whose beginning could not be read the row is made here. What was
 * sent before a conversation was erased is over.
 */
const activitySql = (schema: string): string => `
  insert into ${schema}.conversation as c (conversation_id, partition, revision, messages, last_activity_at, changed, marked)
  select conversation_id, min(partition), max(revision), max(messages), max(last_activity_at), max(changed), max(marked)
  from ${schema}.postponed_activity group by conversation_id
  on conflict (conversation_id) do update set
    revision = greatest(c.revision, excluded.revision),
    messages = greatest(c.messages, excluded.messages),
    last_activity_at = greatest(c.last_activity_at, excluded.last_activity_at),
    changed = greatest(c.changed, excluded.changed),
    marked = greatest(c.marked, excluded.marked)
  where c.erased_at is null`;

const statements = (schema: string): readonly string[] => [
  `update ${schema}.conversation c set next_due = due.next
   from (
     select b.conversation_id, least(b.expires_at, m.first) as next
     from ${schema}.conversation b
     left join (
       select conversation_id, min(expires_at) as first from ${schema}.message
       where expires_at is not null and not expired group by conversation_id
     ) m on m.conversation_id = b.conversation_id
     where b.erased_at is null
   ) due
   where due.conversation_id = c.conversation_id and c.next_due is distinct from due.next`,
  `update ${schema}.member m set marked = c.marked
   from ${schema}.conversation c where c.conversation_id = m.conversation_id and m.marked <> c.marked`,
];
