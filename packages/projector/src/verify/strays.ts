import { schemaOf } from '@parley/infra/read-model/schema-name';
import type { Side } from './read-rows.js';
import type { VerifyingSession } from './session.js';
import type { Table } from './tables.js';

/** Conversations of these builds that have rows and no row of their own. */
export async function straysIn(
  {
    sessions,
    tables,
  }: { readonly sessions: readonly [VerifyingSession, VerifyingSession]; readonly tables: readonly Table[] },
  versions: readonly number[],
): Promise<readonly string[]> {
  const ofConversations = tables.filter(({ of }) => of === 'conversation');
  const found = await Promise.all(
    versions.map((version, n) => {
      const { client } = sessions[n] as VerifyingSession;
      return straysOf({ client, schema: schemaOf(version) }, ofConversations);
    }),
  );
  return [...new Set(found.flat())];
}

/** Conversations that have rows in some table and no row of their own. */
async function straysOf({ client, schema }: Side, tables: readonly Table[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ conversation_id: string }>(
    tables
      .filter(({ name }) => name !== 'conversation')
      .map(
        ({ name }) => `
        select r.conversation_id from ${schema}.${name} r
        where not exists (select from ${schema}.conversation c where c.conversation_id = r.conversation_id)`,
      )
      .join(' union '),
  );
  return rows.map(({ conversation_id }) => conversation_id);
}
