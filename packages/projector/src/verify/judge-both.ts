import { addDigest, digestHex, emptyDigest } from '@parley/domain/log/digest';
import type { PartitionLog } from './ask-log.js';
import { type Pair, type RowDifference, valueIn } from './compare-rows.js';
import type { Extent } from './extent.js';
import type { BothSeen } from './look-at-both.js';
import { lookAtLog } from './look-at-log.js';
import type { Side } from './read-rows.js';
import { type LogReader, toldOfPartition } from './read-told.js';
import type { Row, Table } from './tables.js';

/** What the log says of a partition in which two builds differ. */
export type Judgement = {
  /** Of what differs, how much is not as it should be in the build that is verified. */
  readonly wrong: number;
  /** How much the log was not asked about, because it was too much. */
  readonly unjudged: number;
  /** Conversations that stand still there and not in the other, or sooner, and stretches of the log that it alone misses, or more of. */
  readonly parked: number;
  readonly gaps: number;
};

/** Conversations of a partition that the log is asked about. */
const MOST_JUDGED = 1_000;

type Before = {
  readonly tables: readonly Table[];
  readonly log: PartitionLog;
  readonly sides: Pair<Side>;
  readonly extents: Pair<Extent>;
};

/** Lets the log decide which of two builds is right, where they differ. The first is the one that is verified. */
export async function judgeBoth(
  reader: LogReader,
  { tables, log, sides, extents }: Before,
  { differing, own }: Pick<BothSeen, 'differing' | 'own'>,
): Promise<Judgement> {
  const which = [...differing.keys()].slice(0, MOST_JUDGED);
  const mine = await lookAtLog(reader, sides[0], extents[0], { tables, log, which, strays: [] });
  // Rows that missed nothing know more than a log that has lost something since: there it cannot judge.
  const knowsMore = own.some(({ table, rows }) => table.name === 'gap' && rows[0] === undefined);
  const beyond = new Set(knowsMore ? mine.incomplete : []);
  const wrong = [...mine.differing.keys()].filter((id) => !beyond.has(id));
  const lacking = own.filter(lacksMore);
  const isOf = (name: string) => lacking.filter(({ table }) => table.name === name).length;
  return {
    wrong: wrong.length + (beyond.size > 0 ? 0 : await wrongCheckpoints(reader, extents[0], own)),
    unjudged: differing.size - which.length + beyond.size,
    parked: isOf('parked_conversation'),
    gaps: isOf('gap'),
  };
}

/** Whether the first of two builds lacks what the other has: all of it, or what comes before or behind what both lack. */
function lacksMore({ table, rows }: RowDifference): boolean {
  const [mine, theirs] = rows;
  if (mine === undefined || theirs === undefined) return mine !== undefined;
  const of = (row: Row, column: string) => Number(valueIn(table, row, column));
  if (table.name === 'gap') return of(mine, 'last') > of(theirs, 'last');
  return table.name === 'parked_conversation' && of(mine, 'stream_seq') < of(theirs, 'stream_seq');
}

/** Whether the events that were folded are not those of the log. */
async function wrongCheckpoints(
  reader: LogReader,
  extent: Extent,
  own: readonly RowDifference[],
): Promise<number> {
  const checkpoints = own.filter(({ table }) => table.name === 'checkpoint');
  if (checkpoints.length === 0) return 0;
  let [events, digest] = [0, emptyDigest];
  for await (const all of toldOfPartition(reader, extent)) {
    for (const { told } of all.values()) {
      events += told.events;
      digest = addDigest(digest, told.digest);
    }
  }
  return checkpoints.filter(
    ({ table, rows }) =>
      valueIn(table, rows[0], 'projection') !== 'timeline' ||
      valueIn(table, rows[0], 'events') !== String(events) ||
      valueIn(table, rows[0], 'digest') !== digestHex(digest),
  ).length;
}
