import { streamName } from '@parley/infra/log/subjects';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import type { Version } from '@parley/infra/read-model/versions';
import { askLog } from './ask-log.js';
import { anywhere, asItStands, CannotVerify, headsOf, type LogPlace, PATIENCE } from './at-one-place.js';
import { type RowDifference, valueIn } from './compare-rows.js';
import { differenceOf } from './difference.js';
import { extentOf, troublesOf } from './extent.js';
import { type LogOptions, type LogSeen, lookAtLog } from './look-at-log.js';
import { rowsOfPartition, type Side } from './read-rows.js';
import { sampleOf } from './sample.js';
import { straysIn } from './strays.js';
import type { Row, Table } from './tables.js';
import type { Difference, VerifiedPartition } from './verification.js';
import {
  beginProgress,
  MOST_TOLD,
  partitionsOf,
  SECOND_PATIENCE,
  type Seen,
  several,
  type VerifyWork,
} from './verify-work.js';

/** Compares a version with what the log says its rows should be, partition by partition, each in a snapshot. */
export async function verifyAgainstLog(work: VerifyWork, { version }: Version): Promise<Seen> {
  const { conversations: wanted = 'all' } = work;
  const schema = schemaOf(version);
  const sample = wanted === 'all' ? undefined : await sampleOf(work, schema, wanted);
  if (sample === undefined) await beginProgress(work, schema);
  else work.onProgress?.begin([...sample.values()].reduce((sum, ids) => sum + ids.length, 0));
  const strays = sample === undefined ? await straysIn(work, [version]) : [];
  const partitions: VerifiedPartition[] = [];
  const differences: Difference[] = [];
  let [parked, gaps, incomplete] = [0, 0, 0];
  for (const partition of partitionsOf(work)) {
    work.signal?.throwIfAborted();
    const which = sample === undefined ? 'all' : (sample.get(partition) ?? []);
    const { seen, place, checkpoint, digests, troubles } = await lookTwice(
      { ...work, strays },
      version,
      partition,
      which,
    );
    const here = [...seen.differing.values(), ...checkpoint].map((each) => differenceOf(each, partition));
    const { conversations, rows } = seen;
    partitions.push({ partition, place, conversations, rows, digests, differing: here.length });
    differences.push(...here.slice(0, Math.max(0, MOST_TOLD - differences.length)));
    parked += troubles.parked;
    gaps += troubles.gaps;
    incomplete += seen.incomplete.length;
  }
  const isPart = sample !== undefined || work.partition !== undefined;
  const differing = partitions.reduce((sum, each) => sum + each.differing, 0);
  const objections = [
    ...(parked > 0 ? [`${several(parked, 'conversation')} parked: see \`parley dead-letters list\``] : []),
    ...(gaps > 0
      ? [`${several(gaps, 'stretch', 'stretches')} of the log are missing: see \`parley log verify\``]
      : []),
    ...(incomplete > 0
      ? [`the log does not have all of ${several(incomplete, 'conversation')}: see \`parley log verify\``]
      : []),
  ];
  return {
    verdict: differing === 0 ? 'equal' : 'wrong',
    isVerified: !isPart && differing === 0 && objections.length === 0,
    isPart,
    objections,
    partitions,
    conversations: partitions.reduce((sum, each) => sum + each.conversations, 0),
    differing,
    differences,
  };
}

type PartitionSeen = {
  readonly seen: LogSeen;
  readonly place: LogPlace;
  readonly checkpoint: readonly RowDifference[];
  readonly digests: VerifiedPartition['digests'];
  readonly troubles: { readonly parked: number; readonly gaps: number };
};

/**
 * Compares a partition; and what differs once more, behind all that the log had by then: what is taken out of the log at that moment is
 * accounted for by an event that comes after the place that was looked at.
 */
async function lookTwice(
  work: VerifyWork & { readonly strays: readonly string[] },
  version: number,
  partition: number,
  which: LogOptions['which'],
): Promise<PartitionSeen> {
  const { jsm } = work;
  const first = await lookOnce(work, version, partition, which, anywhere, PATIENCE, work.onProgress?.step);
  const suspects = new Set([...first.seen.differing.keys(), ...first.seen.incomplete]);
  if (suspects.size + first.checkpoint.length === 0) return first;
  const again = first.checkpoint.length > 0 ? which : [...suspects].toSorted();
  try {
    const heads = await headsOf(jsm, partition);
    const second = await lookOnce(work, version, partition, again, heads, SECOND_PATIENCE);
    if (again === which) return second;
    const { differing, incomplete } = second.seen;
    return { ...first, seen: { ...first.seen, differing, incomplete } };
  } catch (error) {
    // Nobody brings the rows further: they are what they are.
    if (error instanceof CannotVerify) return first;
    throw error;
  }
}

function lookOnce(
  work: VerifyWork & { readonly strays: readonly string[] },
  version: number,
  partition: number,
  which: LogOptions['which'],
  atLeast: LogPlace,
  patience: number,
  onConversation?: () => void,
): Promise<PartitionSeen> {
  const { jsm, tables, partitions, sessions, strays } = work;
  const log = askLog(jsm, partition, partitions);
  const wanted = { partition, atLeast, patience };
  return asItStands(jsm, sessions[0], version, wanted, async (side, place) => {
    const extent = await extentOf(side, streamName(partition), partition, place);
    const options = { tables, log, which, strays, ...(onConversation && { onConversation }) };
    const all = await lookAtLog(work, side, extent, options);
    const folded = await foldedIn(side, tables, partition);
    const digests = [folded.is, all.folded ?? folded.is] as const;
    const troubles = await troublesOf(side, tables, partition);
    const { seen, isWhole } = judged(all, troubles);
    const checkpoint = isWhole ? checkpointDifference(folded, all.folded) : [];
    return { seen, place, checkpoint, digests, troubles };
  });
}

/**
 * Without what the log cannot judge: rows that missed nothing when they were made know more of a conversation than a log that has lost
 * some of it since.
 */
function judged(
  seen: LogSeen,
  { gaps }: PartitionSeen['troubles'],
): { readonly seen: LogSeen; readonly isWhole: boolean } {
  if (seen.incomplete.length === 0 || gaps > 0) return { seen, isWhole: true };
  const differing = new Map([...seen.differing].filter(([id]) => !seen.incomplete.includes(id)));
  return { seen: { ...seen, differing }, isWhole: false };
}

type Folded = {
  readonly table: Table;
  readonly row: Row | undefined;
  readonly is: { readonly events: string; readonly digest: string };
};

/** What the checkpoint says of the events that the rows were made of. */
async function foldedIn(side: Side, tables: readonly Table[], partition: number): Promise<Folded> {
  const table = tables.find(({ name }) => name === 'checkpoint') as Table;
  const rows = await rowsOfPartition(side, table, partition);
  const row = rows.find((each) => valueIn(table, each, 'projection') === 'timeline');
  const is = {
    events: valueIn(table, row, 'events') ?? '0',
    digest: valueIn(table, row, 'digest') ?? '0'.repeat(32),
  };
  return { table, row, is };
}

function checkpointDifference({ table, row, is }: Folded, said: LogSeen['folded']): readonly RowDifference[] {
  if (said === undefined || row === undefined) return [];
  const columns = (['events', 'digest'] as const).filter((column) => is[column] !== said[column]);
  if (columns.length === 0) return [];
  const should = row.map((value, place) => said[table.columns[place] as keyof typeof said] ?? value);
  return [{ table, rows: [row, should], columns }];
}
