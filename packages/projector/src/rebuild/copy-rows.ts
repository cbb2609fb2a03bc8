import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** What a column of a row holds. */
export type Field = string | number | boolean | null;

/** Rows of one table, by the names of its columns. */
export type CopyOf<A> = {
  readonly table: string;
  readonly columns: readonly string[];
  /** Values in the order of the columns. */
  readonly fields: (row: A) => readonly Field[];
};

/**
 * Adds rows by COPY, which takes less than half of the time of inserts from arrays. All of them are new: one that is there already fails
 * the whole, and so does one that the table does not take.
 */
export async function copyRows<A>(
  client: ClientBase,
  { table, columns, fields }: CopyOf<A>,
  rows: readonly A[],
): Promise<void> {
  if (rows.length === 0) return;
  await pipeline(
    chunksOf(rows, fields),
    client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`)),
  );
}

/** Characters that are sent at once, about. */
const CHUNK = 128 * 1024;

/** Rows as COPY's text format has them (https://www.postgresql.org/docs/15/sql-copy.html). */
function* chunksOf<A>(rows: readonly A[], fields: (row: A) => readonly Field[]): Generator<Buffer> {
  let text = '';
  for (const row of rows) {
    let between = '';
    for (const field of fields(row)) {
      text += between + textOf(field);
      between = '\t';
    }
    text += '\n';
    if (text.length < CHUNK) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

function textOf(field: Field): string {
  switch (typeof field) {
    case 'string':
      return SPECIAL.test(field)
        ? field.replace(ALL_SPECIAL, (character) => ESCAPED[character] as string)
        : field;
    case 'number':
      return String(field);
    case 'boolean':
      return field ? 't' : 'f';
    default:
      return '\\N';
  }
}

const SPECIAL = /[\\\n\r\t]/;
const ALL_SPECIAL = /[\\\n\r\t]/g;
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
