import type { ClientBase } from 'pg';
import type { Row, Tables } from '../verify/rows-of-history.js';

const keys = {
  conversation: 'conversation_id',
  member: 'conversation_id, user_id',
  ban: 'conversation_id, ban_hash',
  message: 'conversation_id, seq',
  reaction: 'conversation_id, seq, emoji, user_id',
  pin: 'conversation_id, seq',
  call: 'conversation_id, call',
  call_stay: 'conversation_id, participant',
} as const;

/** Columns that say where in the log something changed; `readPlaces` reads them. */
const PLACES = new Set(['partition', 'changed', 'marked']);

/** What the read model holds, in the shape of what the log says. */
export async function readTables(client: Pick<ClientBase, 'query'>, schema: string): Promise<Tables> {
  const tables: Record<string, readonly Row[]> = {};
  for (const [table, key] of Object.entries(keys)) {
    const rows = await readRows(client, `select * from ${schema}.${table} order by ${key}`);
    tables[table] = rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => !PLACES.has(name))),
    );
  }
  return tables as Tables;
}

/** Rows with their bigints as numbers. */
export async function readRows(client: Pick<ClientBase, 'query'>, text: string): Promise<readonly Row[]> {
  const { rows, fields } = await client.query<Row>(text);
  const bigints = fields.filter(({ dataTypeID }) => dataTypeID === BIGINT).map(({ name }) => name);
  return rows.map((row) => ({
    ...row,
    ...Object.fromEntries(bigints.map((name) => [name, row[name] === null ? null : Number(row[name])])),
  }));
}

const BIGINT = 20;
