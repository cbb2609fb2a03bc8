import type { ClientBase } from 'pg';
import type { Row, Tables } from './naive-model.js';

const keys = {
  conversation: 'conversation_id',
  member: 'conversation_id, user_id',
  ban: 'conversation_id, ban_hash',
  message: 'conversation_id, seq',
  reaction: 'conversation_id, seq, emoji, user_id',
} as const;

/** What the read model holds, in the shape of the naive model. */
export async function readTables(client: Pick<ClientBase, 'query'>, schema: string): Promise<Tables> {
  const tables: Record<string, readonly Row[]> = {};
  for (const [table, key] of Object.entries(keys)) {
    const { rows, fields } = await client.query<Row>(`select * from ${schema}.${table} order by ${key}`);
    const bigints = fields.filter(({ dataTypeID }) => dataTypeID === BIGINT).map(({ name }) => name);
    tables[table] = rows.map((row) => ({
      ...row,
      ...Object.fromEntries(bigints.map((name) => [name, row[name] === null ? null : Number(row[name])])),
    }));
  }
  return tables as Tables;
}

const BIGINT = 20;
