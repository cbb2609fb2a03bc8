import { copyRows, type Field } from '@parley/projector/rebuild/copy-rows';
import pg from 'pg';

/** Rows of a build in memory, as columns of each table. */
export type RawRows = readonly {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Field[])[];
}[];

const TABLES = ['conversation', 'member', 'departure', 'ban', 'message', 'reaction', 'pin'];

/** Reads the rows of a build's timeline. */
export async function readRawRows(client: pg.Client, schema: string): Promise<RawRows> {
  const read: RawRows[number][] = [];
  for (const table of TABLES) {
    const rows: Field[][] = [];
    let columns: readonly string[] = [];
    await client.query(`begin; declare raw cursor for select * from ${schema}.${table}`);
    for (;;) {
      const found = await client.query<Field[]>({ text: 'fetch 20000 from raw', rowMode: 'array' });
      columns = found.fields.map(({ name }) => name);
      rows.push(...found.rows);
      if (found.rows.length === 0) break;
    }
    await client.query('commit');
    read.push({ table, columns, rows });
  }
  return read;
}

/** Ms of COPY of these rows, over one connection, into tables without any index; and until they have the indexes of a build. */
export async function copyRaw(databaseUrl: string, like: string, raw: RawRows) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('drop schema if exists raw cascade; create schema raw');
  for (const { table } of raw) await client.query(`create table raw.${table} (like ${like}.${table})`);
  const startedAt = performance.now();
  for (const { table, columns, rows } of raw)
    await copyRows(client, { table: `raw.${table}`, columns, fields: (row: readonly Field[]) => row }, rows);
  const copiedMs = performance.now() - startedAt;
  const { rows: indexes } = await client.query<{ definition: string }>(
    `select replace(indexdef, ' ON ${like}.', ' ON raw.') as definition from pg_indexes
     where schemaname = $1 and tablename = any ($2)`,
    [like, raw.map(({ table }) => table)],
  );
  await client.query(`set maintenance_work_mem = '256MB'`);
  for (const { definition } of indexes) await client.query(definition);
  const indexedMs = performance.now() - startedAt;
  await client.query('drop schema raw cascade');
  await client.query('checkpoint');
  await client.end();
  return { copiedMs, indexedMs };
}
