import { type RowDifference, valueIn } from './compare-rows.js';
import type { Difference } from './verification.js';

/** Characters of a value that are told: what people wrote is sealed, and long. */
const MOST_TOLD = 60;

/** A difference of rows as it is told: its first column, values shortened. */
export function differenceOf({ table, rows, columns }: RowDifference, partition: number): Difference {
  const row = rows[0] ?? rows[1];
  const [column] = columns;
  const value = (side: 0 | 1) =>
    column === undefined
      ? rows[side] === undefined
        ? null
        : 'there'
      : told(valueIn(table, rows[side], column));
  return {
    partition,
    table: table.name,
    conversationId: valueIn(table, row, 'conversation_id') ?? undefined,
    key: Object.fromEntries(table.key.map((name) => [name, valueIn(table, row, name) as string])),
    column,
    values: [value(0), value(1)],
  };
}

const told = (value: string | null): string | null =>
  value === null || value.length <= MOST_TOLD
    ? value
    : `${value.slice(0, MOST_TOLD)}… (${value.length} characters)`;
