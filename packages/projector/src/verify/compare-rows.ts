import type { Row, Table } from './tables.js';

/** Of the side that is verified, and of what it is compared with. */
export type Pair<A> = readonly [left: A, right: A];

/** A row that is not the same on both sides. */
export type RowDifference = {
  readonly table: Table;
  readonly rows: Pair<Row | undefined>;
  /** In which columns they differ; none where one side has no such row. */
  readonly columns: readonly string[];
};

/** All rows in which two sides differ: in the order of the left, then those that it lacks. */
export function compareRows(
  table: Table,
  left: readonly Row[],
  right: readonly Row[],
): readonly RowDifference[] {
  const places = table.key.map((column) => table.columns.indexOf(column));
  const keyOf = (row: Row): string => places.map((place) => row[place]).join(' ');
  const others = new Map(right.map((row) => [keyOf(row), row]));
  const differences: RowDifference[] = [];
  for (const row of left) {
    const key = keyOf(row);
    const other = others.get(key);
    others.delete(key);
    const columns =
      other === undefined ? [] : table.columns.filter((_, place) => row[place] !== other[place]);
    if (other === undefined || columns.length > 0) differences.push({ table, rows: [row, other], columns });
  }
  for (const row of others.values()) differences.push({ table, rows: [undefined, row], columns: [] });
  return differences;
}

/** The value of a column in a row. */
export const valueIn = ({ columns }: Table, row: Row | undefined, column: string): string | null =>
  row?.[columns.indexOf(column)] ?? null;
