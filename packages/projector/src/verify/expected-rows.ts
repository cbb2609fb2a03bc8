import type { History } from '@parley/domain/history/history';
import { ALWAYS, MAX_MARKED } from '../timeline/marks.js';
import { rowsOfHistory } from './rows-of-history.js';
import type { Row, Table } from './tables.js';
import type { ToldHistory } from './told-history.js';
import { receiptRow, type ToldMoves } from './told-receipts.js';

/** All that the log says of a conversation. */
export type Told = { readonly told: ToldHistory; readonly receipts: ReadonlyMap<string, ToldMoves> };

/**
 * The rows of a conversation as the log says they are, by table. A mark is not said: a build has it from the first message of the window that it
 * read, see judge.ts. The receipts of who was erased are gone.
 *
 * @throws for a column of which nobody said what it should be
 */
export function expectedRows(
  tables: readonly Table[],
  { told, receipts }: Told,
  partition: number,
): ReadonlyMap<string, readonly Row[]> {
  const { history, changed, departures, erasedPeople } = told;
  const conversation_id = history.conversationId;
  const marked = history.members.size > MAX_MARKED ? ALWAYS : null;
  const rows = rowsOfHistory(history);
  const expected: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
    ...rows,
    conversation: rows.conversation.map((row) => ({ ...row, partition, changed, marked })),
    member: rows.member.map((row) => ({ ...row, partition, marked })),
    departure: Array.from(departures, ([user_id, at]) => ({
      conversation_id,
      user_id,
      partition,
      changed: at,
    })),
    receipt:
      history.erasedAt !== null
        ? []
        : [...receipts].flatMap(([user_id, moves]) => {
            const row = erasedPeople.has(user_id) ? undefined : receiptRow(moves);
            return row === undefined ? [] : [{ conversation_id, user_id, ...row, partition, marked: null }];
          }),
  };
  return new Map(
    tables.map((table) => {
      const some = expected[table.name];
      if (some === undefined) throw new Error(`nobody says what the rows of ${table.name} should be`);
      return [table.name, some.map((row) => asRow(table, row))];
    }),
  );
}

function asRow({ name, columns }: Table, row: Readonly<Record<string, unknown>>): Row {
  return columns.map((column) => {
    const value = row[column];
    if (value === undefined) throw new Error(`nobody says what ${name}.${column} should be`);
    return asText(value);
  });
}

/** A value as Postgres writes it. */
function asText(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return Array.isArray(value) ? `{${value.join()}}` : String(value);
}

/** What the log says of a conversation is not whole: its beginning, or something in the middle, is missing. */
export const isIncomplete = ({ holes }: History): boolean => holes.unclaimed > 0;
