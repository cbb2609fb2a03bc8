import type { DuckDBResult } from '@duckdb/node-api';
import { stringify } from 'csv-stringify/sync';
import type { Output } from '../terminal/output.js';
import { tableOf } from '../terminal/table.js';
import type { DuckDb } from './duckdb.js';
import { isNumeric, type Plain, plainRows } from './plain-value.js';

/** Writes an answer as NDJSON, a row a line, as it is read. False when nobody reads any more. */
export async function writeJson(duckdb: DuckDb, answer: DuckDBResult, output: Output): Promise<boolean> {
  const names = answer.deduplicatedColumnNames();
  for await (const rows of plainRows(duckdb, answer)) {
    const lines = rows.map(
      (row) => `${JSON.stringify(Object.fromEntries(names.map((name, n) => [name, row[n]])))}\n`,
    );
    if (!(await output.write(lines.join('')))) return false;
  }
  return true;
}

/** Writes an answer as CSV, as `parley replay` does, with a line of names; null is an empty field. False when nobody reads any more. */
export async function writeCsv(duckdb: DuckDb, answer: DuckDBResult, output: Output): Promise<boolean> {
  if (!(await output.write(stringify([answer.columnNames()])))) return false;
  for await (const rows of plainRows(duckdb, answer)) {
    if (!(await output.write(stringify(rows.map((row) => row.map((value) => textOf(value, '')))))))
      return false;
  }
  return true;
}

/** How much a table for people shows: rows, and characters of a value. */
export type TableBounds = { readonly rows: number; readonly width: number };

/** Writes the first rows of an answer as a table; resolves to whether there are more. */
export async function writeTable(
  duckdb: DuckDb,
  answer: DuckDBResult,
  output: Output,
  { rows: most, width }: TableBounds,
): Promise<{ readonly rows: number; readonly hasMore: boolean }> {
  const shown: (readonly Plain[])[] = [];
  for await (const rows of plainRows(duckdb, answer)) {
    shown.push(...rows.slice(0, most + 1 - shown.length));
    if (shown.length > most) break;
  }
  const rows = shown.slice(0, most);
  if (answer.statementType === duckdb.StatementType.EXPLAIN) {
    await output.write(rows.map((row) => `${row.at(-1)}\n`).join(''));
  } else {
    const types = answer.columnTypes();
    const columns = answer
      .columnNames()
      .map((name, n) =>
        isNumeric(duckdb, types[n] as never)
          ? { head: cell(name, width), isNumber: true as const }
          : cell(name, width),
      );
    await output.write(
      `${tableOf(
        columns,
        rows.map((row) => row.map((value) => cell(value, width))),
      )}\n`,
    );
  }
  return { rows: rows.length, hasMore: shown.length > most };
}

/** A value on one line: what would move a terminal's cursor or colour it is written out, and what is too long is cut. */
function cell(value: Plain, width: number): string {
  const text = textOf(value, 'null');
  const line = (TIME.test(text) ? text.replace('T', ' ').replace(/(\.000)?Z$/, '') : text).replace(
    UNSEEN,
    escaped,
  );
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UNSEEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const escaped = (character: string): string =>
  character === '\n' ? '\\n' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const textOf = (value: Plain, nothing: string): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? nothing);
