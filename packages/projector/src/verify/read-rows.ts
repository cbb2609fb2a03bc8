import type { ClientBase } from 'pg';
import type { Row, Table } from './tables.js';

/** A build as its rows are seen at one place of the log: inside a transaction of this connection. */
export type Side = { readonly client: ClientBase; readonly schema: string };

/** Rows of one exchange with the database. */
const PAGE = 2_000;

/** A value as Postgres writes it: nothing is lost of a number that is too large, and two sides need no parsing to be compared. */
export const asText = { getTypeParser: () => (value: unknown) => value };

/** Rows of a statement, a page at a time, inside the transaction of the connection. */
export async function* pagesOf(
  client: ClientBase,
  statement: string,
  values: readonly unknown[] = [],
): AsyncGenerator<readonly Row[]> {
  const name = `verifying_${++cursors}`;
  await client.query(`declare ${name} no scroll cursor for ${statement}`, [...values]);
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({
      text: `fetch ${PAGE} from ${name}`,
      rowMode: 'array',
      types: asText,
    });
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) break;
  }
  await client.query(`close ${name}`);
}

let cursors = 0;

/** A table's rows of these conversations, in no order. They are held in memory: whoever asks bounds them. */
export async function rowsOfConversations(
  { client, schema }: Side,
  table: Table,
  conversationIds: readonly string[],
): Promise<readonly Row[]> {
  return rowsWhere(client, `${selectOf(table, schema)} where conversation_id = any ($1)`, conversationIds);
}

/** A table's rows of a partition, where they are not of its conversations: they are few. */
export async function rowsOfPartition(
  { client, schema }: Side,
  table: Table,
  partition: number,
): Promise<readonly Row[]> {
  return rowsWhere(client, `${selectOf(table, schema)} where partition = $1`, partition);
}

const selectOf = ({ name, columns }: Table, schema: string): string =>
  `select ${columns.join(', ')} from ${schema}.${name}`;

async function rowsWhere(client: ClientBase, text: string, value: unknown): Promise<readonly Row[]> {
  const { rows } = await client.query<(string | null)[]>({
    text,
    values: [value],
    rowMode: 'array',
    types: asText,
  });
  return rows;
}
