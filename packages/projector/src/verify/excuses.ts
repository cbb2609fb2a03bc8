import { ALWAYS } from '../timeline/marks.js';
import { WINDOW_MS } from '../window.js';
import { type RowDifference, valueIn } from './compare-rows.js';

/** What of the log is asked to tell whether a difference is one. */
export type AskLog = {
  /** Whether the stream of the projection has nothing from one sequence on and before another. */
  isHollow(projection: string, from: number, before: number): Promise<boolean>;
  /** Whether the stream of the projection ever had this sequence. */
  isReached(projection: string, streamSeq: number): Promise<boolean>;
  /** Whether the log says that a person was erased in a conversation. */
  wasErased(conversationId: string, user: string): Promise<boolean>;
};

/** Which of the conversations compared are erased on both sides. */
export type Erased = ReadonlySet<string>;

/**
 * In which columns two right builds of one log differ at most, by table. Nobody may differ in more.
 *
 * - `marked` and the checkpoint's window are where a window began: the first message that the build read of it. One that was read while it was
 *   in the log, and one that was built after it was erased, name different places with nothing between them.
 * - `moves` lose what tells of nothing any more, in the build that was served then and in the log alone.
 * - a checkpoint's place: what is taken out of the log at its end is reached by no later build.
 * - how many receipts were folded: their stream keeps the newest of each person.
 */
export async function excused(log: AskLog, difference: RowDifference): Promise<readonly string[]> {
  const { table, columns } = difference;
  const verdicts = await Promise.all(columns.map((column) => isExcused(log, difference, column)));
  return table.name in excusable ? columns.filter((_, index) => !verdicts[index]) : columns;
}

const excusable: Readonly<Record<string, readonly string[]>> = {
  conversation: ['marked'],
  member: ['marked'],
  receipt: ['marked', 'moves'],
  checkpoint: ['stream_seq', 'events', 'window_began', 'window_opened_at'],
};

async function isExcused(log: AskLog, { table, rows }: RowDifference, column: string): Promise<boolean> {
  if (!excusable[table.name]?.includes(column)) return false;
  const [left, right] = rows.map((row) => valueIn(table, row, column) as string) as [string, string];
  const projection =
    table.name === 'receipt' ? 'receipts' : (valueIn(table, rows[0], 'projection') ?? 'timeline');
  const nothingFrom = (low: number) =>
    log.isHollow(
      projection,
      Math.min(Number(left), Number(right)) + low,
      Math.max(Number(left), Number(right)) + low,
    );
  switch (column) {
    case 'marked':
    case 'window_began':
      // A place of 0 is none: no message was read there.
      return ![left, right].some((mark) => mark === ALWAYS || mark === '0') && nothingFrom(0);
    case 'window_opened_at': {
      const [one, other] = rows.map((row) => valueIn(table, row, 'window_began'));
      return one !== other && slotOf(left) === slotOf(right);
    }
    case 'stream_seq':
      return (await log.isReached(projection, Math.max(Number(left), Number(right)))) && nothingFrom(1);
    case 'events':
      return projection === 'receipts';
    default:
      return areAmong(left, right) || areAmong(right, left);
  }
}

const slotOf = (openedAt: string): number => Math.floor(Number(openedAt) / WINDOW_MS);

/** Whether moves are some of these others, in their order. */
export function areAmong(some: string, others: string): boolean {
  const all = movesIn(others);
  let from = 0;
  return movesIn(some).every((move) => {
    const found = all.indexOf(move, from);
    from = found + 1;
    return found >= 0;
  });
}

/** Of `{delivered,read,at,delivered,read,at}`, each move as text. */
function movesIn(array: string): readonly string[] {
  const numbers = array.slice(1, -1).split(',');
  return Array.from({ length: Math.floor(numbers.length / 3) }, (_, n) =>
    numbers.slice(3 * n, 3 * n + 3).join(),
  );
}

/**
 * Whether a row may be on one side alone.
 *
 * - Of an erased conversation nobody reads what is left; it is swept when there is time.
 * - What somebody moved is removed by the event that erases them, and by the log when it forgets them, in whichever order.
 * - A letter of receipts goes with the message: their stream keeps the newest of each person.
 */
export async function mayBeMissing(
  log: AskLog,
  erased: Erased,
  { table, rows }: RowDifference,
): Promise<boolean> {
  const row = rows[0] ?? rows[1];
  if (table.name === 'dead_letter') return valueIn(table, row, 'projection') === 'receipts';
  const conversationId = valueIn(table, row, 'conversation_id');
  if (conversationId === null) return false;
  if (['message', 'reaction', 'receipt'].includes(table.name) && erased.has(conversationId)) return true;
  if (table.name !== 'receipt') return false;
  return log.wasErased(conversationId, valueIn(table, row, 'user_id') as string);
}
