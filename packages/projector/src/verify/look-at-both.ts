import type { PartitionLog } from './ask-log.js';
import type { LogPlace } from './at-one-place.js';
import { compareRows, type Pair, type RowDifference, valueIn } from './compare-rows.js';
import { excused, mayBeMissing } from './excuses.js';
import { hashesOf, merged } from './hashes.js';
import { rowsOfConversations, rowsOfPartition, type Side } from './read-rows.js';
import type { Row, Table } from './tables.js';

/** What is compared of a partition, and with which help. */
export type LookOptions = {
  readonly tables: readonly Table[];
  readonly partition: number;
  readonly log: PartitionLog;
  /** Conversations that have rows and no row of their own. */
  readonly strays: readonly string[];
  /** These alone, whose rows are then all compared. */
  readonly only?: readonly string[];
  /** Told of each conversation. */
  readonly onConversation?: () => void;
};

/** How two builds of a partition differ at one place of the log. */
export type BothSeen = {
  readonly place: LogPlace;
  readonly conversations: number;
  readonly rows: Readonly<Record<string, Pair<number>>>;
  readonly digests: Pair<{ readonly events: string; readonly digest: string }>;
  /** The first difference of each conversation that has one, in the order of their ids. */
  readonly differing: ReadonlyMap<string, RowDifference>;
  /** Differences in the rows that are of the partition itself. */
  readonly own: readonly RowDifference[];
};

/** Conversations whose rows are fetched at once, and rows of them, unless one has more. */
const MOST_IDS = 200;
const MOST_ROWS = 20_000;

/** Rows a conversation is taken to have whose rows nobody counted. */
const ROWS_UNCOUNTED = 1_000;

/** Compares two builds of a partition, both at this place: conversation by conversation by their hashes, and row by row where those differ. */
export async function lookAtBoth(
  sides: Pair<Side>,
  place: LogPlace,
  options: LookOptions,
): Promise<BothSeen> {
  const { tables, partition, log, only } = options;
  const ofConversations = tables.filter(({ of }) => of === 'conversation');
  const seen = only === undefined ? await byHashes(sides, ofConversations, options) : undefined;
  const suspects =
    seen?.suspects ?? (only ?? []).map((id) => ({ id, tables: ofConversations, rows: ROWS_UNCOUNTED }));
  const differing = new Map<string, RowDifference>();
  for (const some of batchesOf(suspects)) {
    const found = await differencesIn(sides, log, some);
    for (const [id, difference] of found) differing.set(id, difference);
  }
  const own: RowDifference[] = [];
  const counts: Record<string, Pair<number>> = { ...seen?.rows };
  const checkpoints: Row[] = [];
  for (const table of tables.filter(({ of }) => of === 'partition')) {
    const [left, right] = await both(sides, (side) => rowsOfPartition(side, table, partition));
    counts[table.name] = [left.length, right.length];
    own.push(...(await real(log, new Set(), compareRows(table, left, right))));
    if (table.name === 'checkpoint')
      checkpoints.push(...[left, right].map((rows) => timelineOf(table, rows)));
  }
  const checkpoint = tables.find(({ name }) => name === 'checkpoint') as Table;
  const digest = (row: Row | undefined) => ({
    events: valueIn(checkpoint, row, 'events') ?? '0',
    digest: valueIn(checkpoint, row, 'digest') ?? '',
  });
  return {
    place,
    conversations: seen?.conversations ?? 0,
    rows: counts,
    digests: [digest(checkpoints[0]), digest(checkpoints[1])],
    differing,
    own,
  };
}

const timelineOf = (table: Table, rows: readonly Row[]): Row =>
  rows.find((row) => valueIn(table, row, 'projection') === 'timeline') ?? [];

/** A conversation that may differ, in these tables, with so many rows on both sides. */
type Suspect = { readonly id: string; readonly tables: readonly Table[]; readonly rows: number };

async function byHashes(sides: Pair<Side>, tables: readonly Table[], options: LookOptions) {
  const { partition, strays, onConversation } = options;
  const [left, right] = sides.map((side) => hashesOf(side, tables, partition, strays)) as [
    ReturnType<typeof hashesOf>,
    ReturnType<typeof hashesOf>,
  ];
  const counts = tables.map((): [number, number] => [0, 0]);
  const suspects: Suspect[] = [];
  let conversations = 0;
  for await (const { conversationId, sums } of merged(left, right)) {
    conversations++;
    onConversation?.();
    const differ = tables.filter((_, n) => {
      const count = counts[n] as [number, number];
      for (const side of [0, 1] as const) count[side] += Number(sums[side]?.[2 * n] ?? 0);
      return sums[0]?.[2 * n] !== sums[1]?.[2 * n] || sums[0]?.[2 * n + 1] !== sums[1]?.[2 * n + 1];
    });
    if (differ.length === 0) continue;
    const rows = differ.reduce((sum, table) => sum + rowsIn(sums, tables.indexOf(table)), 0);
    suspects.push({ id: conversationId, tables: differ, rows });
  }
  const rows = Object.fromEntries(tables.map(({ name }, n) => [name, counts[n] as [number, number]]));
  return { conversations, rows, suspects };
}

const rowsIn = (sums: Pair<Row | undefined>, n: number): number =>
  Number(sums[0]?.[2 * n] ?? 0) + Number(sums[1]?.[2 * n] ?? 0);

function* batchesOf(suspects: readonly Suspect[]): Generator<readonly Suspect[]> {
  let batch: Suspect[] = [];
  let rows = 0;
  for (const suspect of suspects) {
    if (batch.length >= MOST_IDS || (batch.length > 0 && rows + suspect.rows > MOST_ROWS)) {
      yield batch;
      [batch, rows] = [[], 0];
    }
    batch.push(suspect);
    rows += suspect.rows;
  }
  if (batch.length > 0) yield batch;
}

/** The first real difference of each, in the order of ids and tables. */
async function differencesIn(
  sides: Pair<Side>,
  log: PartitionLog,
  suspects: readonly Suspect[],
): Promise<ReadonlyMap<string, RowDifference>> {
  const found = new Map<string, RowDifference>();
  const erased = await erasedOnBoth(
    sides,
    suspects.map(({ id }) => id),
  );
  for (const table of new Set(suspects.flatMap(({ tables }) => tables))) {
    const ids = suspects.filter(({ tables }) => tables.includes(table)).map(({ id }) => id);
    const [left, right] = await both(sides, (side) => rowsOfConversations(side, table, ids));
    for (const difference of await real(log, erased, compareRows(table, left, right))) {
      const id = idOf(difference);
      if (!found.has(id)) found.set(id, difference);
    }
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const idOf = ({ table, rows }: RowDifference): string =>
  valueIn(table, rows[0] ?? rows[1], 'conversation_id') as string;

/** Differences without what is none. */
async function real(
  log: PartitionLog,
  erased: ReadonlySet<string>,
  differences: readonly RowDifference[],
): Promise<readonly RowDifference[]> {
  const left: RowDifference[] = [];
  for (const difference of differences) {
    const isMissing = difference.rows.includes(undefined);
    if (isMissing && (await mayBeMissing(log, erased, difference))) continue;
    const columns = isMissing ? [] : await excused(log, difference);
    if (isMissing || columns.length > 0) left.push({ ...difference, columns });
  }
  return left;
}

async function erasedOnBoth(sides: Pair<Side>, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const [left, right] = await both(sides, async ({ client, schema }) => {
    const { rows } = await client.query<{ id: string }>(
      `select conversation_id as id from ${schema}.conversation where conversation_id = any ($1) and erased_at is not null`,
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
  });
  return left.intersection(right);
}

const both = async <A>([left, right]: Pair<Side>, ask: (side: Side) => Promise<A>): Promise<Pair<A>> => {
  const answers = await Promise.all([ask(left), ask(right)]);
  return [answers[0], answers[1]];
};
