import type { ClientBase } from 'pg';
import type { ProjectionName } from '../checkpoint.js';

/**
 * What is left to be done to a build besides loading, in a table of its own schema, so that whoever goes on with it knows:
 * projections to be copied from the served version, and indexes to be made. The table goes when all of it is done.
 */
export type Postponed = { readonly copies: readonly ProjectionName[]; readonly indexes: readonly Index[] };

export type Index = { readonly name: string; readonly definition: string };

/**
 * Drops all indexes of an empty build but its keys, and remembers them and what is to be copied, by one transaction. Statistics and
 * vacuuming wait too: they would take time from the load, and come after it.
 */
export async function postpone(
  client: ClientBase,
  schema: string,
  copies: readonly ProjectionName[],
): Promise<void> {
  await client.query('begin');
  try {
    await client.query(
      `create table ${schema}.postponed (kind text, name text, definition text, primary key (kind, name))`,
    );
    // Without a key: it is only added to, and read once.
    await client.query(
      `create table ${schema}.postponed_activity (conversation_id text collate "C", partition smallint, revision bigint, messages bigint,
         last_activity_at bigint, changed bigint, marked bigint)`,
    );
    await client.query(
      `insert into ${schema}.postponed select 'index', c.relname, pg_get_indexdef(i.indexrelid)
       from pg_index i join pg_class c on c.oid = i.indexrelid
       where c.relnamespace = $1::regnamespace and not i.indisunique`,
      [schema],
    );
    await client.query(`insert into ${schema}.postponed select 'copy', unnest($1::text[]), ''`, [copies]);
    const { indexes } = (await readPostponed(client, schema)) as Postponed;
    for (const { name } of indexes) await client.query(`drop index ${schema}.${name}`);
    for (const table of await tablesOf(client, schema))
      await client.query(`alter table ${table} set (autovacuum_enabled = off)`);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** What is left to be done; undefined where that table is not there: nothing is, or nothing has begun. */
export async function readPostponed(client: ClientBase, schema: string): Promise<Postponed | undefined> {
  const { rows: there } = await client.query<{ there: boolean }>(
    'select to_regclass($1) is not null as there',
    [`${schema}.postponed`],
  );
  if (there[0]?.there !== true) return undefined;
  const { rows } = await client.query<{ kind: string; name: string; definition: string }>(
    `select kind, name, definition from ${schema}.postponed order by name`,
  );
  const of = (wanted: string) => rows.filter(({ kind }) => kind === wanted);
  return {
    copies: of('copy').map(({ name }) => name as ProjectionName),
    indexes: of('index').map(({ name, definition }) => ({ name, definition })),
  };
}

/** Forgets what was done, in the transaction that did it. */
export async function donePostponed(
  client: ClientBase,
  schema: string,
  kind: 'index' | 'copy',
  name: string,
): Promise<void> {
  await client.query(`delete from ${schema}.postponed where kind = $1 and name = $2`, [kind, name]);
}

/** All of it is done. */
export async function endPostponed(client: ClientBase, schema: string): Promise<void> {
  await client.query('begin');
  for (const table of await tablesOf(client, schema))
    await client.query(`alter table ${table} reset (autovacuum_enabled)`);
  await client.query(`drop table ${schema}.postponed, ${schema}.postponed_activity`);
  await client.query('commit');
}

/** Tables that have rows of projections. */
export async function tablesOf(client: ClientBase, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r'
       and relname not in ('migration', 'postponed', 'postponed_activity') order by relname`,
    [schema],
  );
  return rows.map(({ name }) => `${schema}.${name}`);
}
