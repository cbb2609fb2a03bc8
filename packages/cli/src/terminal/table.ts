import Table from 'cli-table3';

/** A column's head, and whether its cells are numbers. */
export type Column = string | { readonly head: string; readonly isNumber: true };

/** Rows under heads, numbers to the right, with a line under the heads alone. */
export function tableOf(columns: readonly Column[], rows: readonly (readonly (string | number)[])[]): string {
  const table = new Table({
    head: columns.map((column) => (typeof column === 'string' ? column : column.head)),
    colAligns: columns.map((column) => (typeof column === 'string' ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

/** A column of numbers. */
export const number = (head: string): Column => ({ head, isNumber: true });
