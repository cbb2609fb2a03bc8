import { setImmediate as eventLoop } from 'node:timers/promises';
import { addDigest, digestHex, emptyDigest } from '@parley/domain/log/digest';
import { partitionOf } from '@parley/domain/log/partition';
import type { PartitionLog } from './ask-log.js';
import type { Pair, RowDifference } from './compare-rows.js';
import { isIncomplete, type Told } from './expected-rows.js';
import type { Extent } from './extent.js';
import { judge } from './judge.js';
import { rowsOfConversations, type Side } from './read-rows.js';
import { type LogReader, toldOf, toldOfPartition } from './read-told.js';
import type { Row, Table } from './tables.js';

export type LogOptions = {
  readonly tables: readonly Table[];
  readonly log: PartitionLog;
  /** Conversations that have rows and no row of their own. */
  readonly strays: readonly string[];
  /** All conversations of the partition, or these. */
  readonly which: 'all' | readonly string[];
  /** Told of each conversation. */
  readonly onConversation?: () => void;
};

/** How the rows of a partition differ from what the log says they are. */
export type LogSeen = {
  readonly conversations: number;
  /** Rows there are, and should be, by table. */
  readonly rows: Readonly<Record<string, Pair<number>>>;
  /** Of all events folded; undefined where not all conversations were looked at. */
  readonly folded: { readonly events: string; readonly digest: string } | undefined;
  /** The first difference of each conversation that has one. */
  readonly differing: ReadonlyMap<string, RowDifference>;
  /** Conversations of which the log does not have everything. */
  readonly incomplete: readonly string[];
};

/** Compares a build's rows of a partition, as they are in a snapshot at the place up to which the log is folded, with what the log says. */
export async function lookAtLog(
  reader: LogReader,
  side: Side,
  extent: Extent,
  options: LogOptions,
): Promise<LogSeen> {
  const tally = openTally(side, extent, options);
  if (options.which === 'all') {
    for await (const all of toldOfPartition(reader, extent)) await tally.compare(all);
    await tally.compare(await untoldOf(reader, side, extent, options.strays, tally.seen));
  } else {
    for (const id of options.which) await tally.compare(new Map([[id, await toldOf(reader, extent, id)]]));
  }
  return tally.result();
}

/** Conversations whose rows are fetched at once, and rows of them, unless one has more. */
const MOST_IDS = 200;
const MOST_ROWS = 20_000;

/** Conversations judged without letting anybody else run: the rows of the next batch come meanwhile. */
const AT_A_TIME = 10;

function openTally(side: Side, { partition }: Extent, options: LogOptions) {
  const { tables, log, onConversation, which } = options;
  const ofConversations = tables.filter(({ of }) => of === 'conversation');
  const counts = new Map(ofConversations.map(({ name }): [string, [number, number]] => [name, [0, 0]]));
  const differing = new Map<string, RowDifference>();
  const incomplete: string[] = [];
  const seen = new Set<string>();
  let [events, digest] = [0, emptyDigest];

  /** Rows are asked for while those of the batch before are judged. */
  let last: Promise<void> = Promise.resolve();
  const compareBatch = async (batch: Batch): Promise<void> => {
    const rows = await rowsOfBatch(side, ofConversations, batch);
    await last;
    last = judgeBatch(batch, rows);
    // A failure is told to whoever waits for it next.
    last.catch(() => undefined);
  };

  async function judgeBatch(batch: Batch, rows: BatchRows): Promise<void> {
    for (const table of ofConversations)
      for (const some of rows.get(table.name)?.values() ?? [])
        (counts.get(table.name) as [number, number])[0] += some.length;
    for (const [index, [id, what]] of batch.entries()) {
      if (index % AT_A_TIME === 0) await eventLoop();
      const own = new Map(ofConversations.map(({ name }) => [name, rows.get(name)?.get(id) ?? []]));
      const { differences, expected } = await judge(log, ofConversations, own, what, partition);
      for (const [name, count] of expected) (counts.get(name) as [number, number])[1] += count;
      const [first] = [...differences, ...notParked(tables, what, partition)];
      if (first !== undefined) differing.set(id, first);
      if (isIncomplete(what.told.history)) incomplete.push(id);
      events += what.told.events;
      digest = addDigest(digest, what.told.digest);
      onConversation?.();
    }
  }

  return {
    seen,
    async compare(all: ReadonlyMap<string, Told>): Promise<void> {
      let batch: [string, Told][] = [];
      let rows = 0;
      for (const [id, what] of all) {
        seen.add(id);
        batch.push([id, what]);
        rows += what.told.history.timeline.size;
        if (batch.length < MOST_IDS && rows < MOST_ROWS) continue;
        await compareBatch(batch);
        [batch, rows] = [[], 0];
      }
      if (batch.length > 0) await compareBatch(batch);
      await last;
    },
    result: (): LogSeen => ({
      conversations: seen.size,
      rows: Object.fromEntries(counts),
      folded: which === 'all' ? { events: String(events), digest: digestHex(digest) } : undefined,
      differing: new Map([...differing].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      incomplete: incomplete.toSorted(),
    }),
  };
}

type Batch = readonly (readonly [id: string, told: Told])[];

/** Rows by table and conversation. */
type BatchRows = ReadonlyMap<string, ReadonlyMap<string, readonly Row[]>>;

async function rowsOfBatch(side: Side, tables: readonly Table[], batch: Batch): Promise<BatchRows> {
  const ids = batch.map(([id]) => id);
  const rows = new Map<string, ReadonlyMap<string, readonly Row[]>>();
  for (const table of tables) {
    const place = table.columns.indexOf('conversation_id');
    const all = await rowsOfConversations(side, table, ids);
    rows.set(
      table.name,
      Map.groupBy(all, (row) => row[place] as string),
    );
  }
  return rows;
}

/** A conversation with an event that nobody can read, in rows that do not stand still before it: it was passed over in silence. */
function notParked(tables: readonly Table[], { told }: Told, partition: number): readonly RowDifference[] {
  const table = tables.find(({ name }) => name === 'parked_conversation');
  if (told.unreadable === undefined || table === undefined) return [];
  const values: Readonly<Record<string, unknown>> = {
    partition,
    conversation_id: told.history.conversationId,
    stream_seq: told.unreadable,
  };
  const row = table.columns.map((column) => (values[column] === undefined ? null : String(values[column])));
  return [{ table, rows: [undefined, row], columns: [] }];
}

/** Conversations that have rows and of which the log tells nothing. */
async function untoldOf(
  reader: LogReader,
  side: Side,
  extent: Extent,
  strays: readonly string[],
  seen: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Told>> {
  const { rows } = await side.client.query<{ id: string }>(
    `select conversation_id as id from ${side.schema}.conversation where partition = $1`,
    [extent.partition],
  );
  const ids = new Set([
    ...rows.map(({ id }) => id),
    ...strays.filter((id) => partitionOf(id, reader.partitions) === extent.partition),
  ]);
  const some = [...ids].filter((id) => !seen.has(id));
  return new Map(await Promise.all(some.map(async (id) => [id, await toldOf(reader, extent, id)] as const)));
}
