import { ALWAYS } from '../timeline/marks.js';
import type { PartitionLog } from './ask-log.js';
import { compareRows, type RowDifference, valueIn } from './compare-rows.js';
import { areAmong, mayBeMissing } from './excuses.js';
import { expectedRows, type Told } from './expected-rows.js';
import type { Row, Table } from './tables.js';

/** A build's rows of one conversation, by table. */
export type RowsByTable = ReadonlyMap<string, readonly Row[]>;

/** The differences, and how many rows of each table there should be. */
export type Judged = {
  readonly differences: readonly RowDifference[];
  readonly expected: ReadonlyMap<string, number>;
};

/** Where a build's rows of a conversation are not what the log says. Each difference has its columns. */
export async function judge(
  log: PartitionLog,
  tables: readonly Table[],
  rows: RowsByTable,
  what: Told,
  partition: number,
): Promise<Judged> {
  const expected = expectedRows(tables, what, partition);
  const differences: RowDifference[] = [];
  for (const table of tables) {
    for (const difference of compareRows(table, rows.get(table.name) ?? [], expected.get(table.name) ?? [])) {
      const real = await standing(log, difference, what);
      if (real !== undefined) differences.push(real);
    }
  }
  const counts = new Map([...expected].map(([name, some]) => [name, some.length]));
  return { differences, expected: counts };
}

/** The difference without what is none; undefined where nothing is left of it. */
async function standing(
  log: PartitionLog,
  difference: RowDifference,
  what: Told,
): Promise<RowDifference | undefined> {
  const { table, rows } = difference;
  if (rows[0] === undefined || rows[1] === undefined)
    return (await mayLack(log, difference, what)) ? undefined : difference;
  const verdicts = await Promise.all(
    difference.columns.map((column) => isAsSaid(log, difference, column, what)),
  );
  const columns = difference.columns.filter((_, index) => !verdicts[index]);
  return columns.length === 0 ? undefined : { table, rows, columns };
}

async function isAsSaid(
  log: PartitionLog,
  { table, rows }: RowDifference,
  column: string,
  { told }: Told,
): Promise<boolean> {
  const [is, said] = rows.map((row) => valueIn(table, row, column)) as [string, string | null];
  if (column === 'moves') return areAmong(is, said as string) || areAmong(said as string, is);
  if (column !== 'marked' || said !== null || is === ALWAYS) return false;
  if (table.name !== 'receipt') return log.mayBegin('timeline', Number(is), told.changed, told.changedAt);
  return log.mayBegin('receipts', Number(is), Number(valueIn(table, rows[1], 'changed')), undefined);
}

/** The log forgets receipts: of whom it has later moves alone, and of whom it was told to. */
async function mayLack(
  log: PartitionLog,
  difference: RowDifference,
  { told, receipts }: Told,
): Promise<boolean> {
  const { table, rows } = difference;
  const { conversationId, erasedAt } = told.history;
  const erased = new Set(erasedAt === null ? [] : [conversationId]);
  const knows = { ...log, wasErased: async (_: string, user: string) => told.erasedPeople.has(user) };
  if (await mayBeMissing(knows, erased, difference)) return true;
  if (table.name !== 'receipt' || rows[1] !== undefined) return false;
  const moves = receipts.get(valueIn(table, rows[0], 'user_id') as string);
  return moves !== undefined && moves.moves.length === 0 && moves.isLater;
}
