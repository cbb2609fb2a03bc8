import { addDigest } from '@parley/domain/log/digest';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import type { ClientBase } from 'pg';
import { type Checkpoint, moveCheckpoint, type Share } from './checkpoint.js';
import { claimRemains } from './claims.js';
import { passesMark } from './digest-marks.js';
import { gapsIn, writeGaps } from './gaps.js';
import { writeUnfolded } from './parked/park.js';
import { withParked } from './parked/withheld.js';
import type { Prepared, Projection } from './projection.js';
import type { Written } from './timeline/write-changes.js';
import { windowsOf } from './window.js';

/** Where a share is written, and by whom. In a load indexes are postponed, and rows are written as a projection's `load` does. */
export type Target = {
  readonly client: ClientBase;
  readonly schema: string;
  readonly share: Share;
  readonly isLoad?: boolean;
};

export type Projected = {
  readonly checkpoint: Checkpoint;
  /** What was committed, in order. More than one where a batch had to be divided. */
  readonly commits: readonly Commit[];
};

export type Commit = { readonly prepared: Prepared; readonly written: Written };

/**
 * Folds a batch and commits rows, dead letters, gaps, digest and checkpoint in one transaction. Messages at or before the
 * checkpoint are passed over, so that a batch may be given twice.
 *
 * An event that the database refuses is found by halving the batch, and parks its conversation; the others go on.
 *
 * @param ahead what the projection makes of these messages, where it has been prepared already; made anew where a conversation was
 *   parked since.
 * @throws Superseded when another process has moved the checkpoint, or intervened; TooManyParked; any failure to reach the database.
 *   Nothing of the transaction that failed is kept then, and the same batch can be given again.
 */
export async function projectBatch(
  target: Target,
  projection: Projection,
  from: Checkpoint,
  messages: readonly LoggedMessage[],
  ahead?: Prepared,
): Promise<Projected> {
  const fresh = messages.filter(({ streamSeq }) => streamSeq > from.streamSeq);
  if (fresh.length === 0) return { checkpoint: from, commits: [] };
  const prepared =
    ahead?.withheld === from.withheld && fresh.length === messages.length
      ? ahead
      : await projection.prepare(fresh, from.withheld);
  try {
    const { checkpoint, commit } = await commitBatch(target, projection, from, fresh, prepared);
    return { checkpoint, commits: [commit] };
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    // What COPY refuses may be there already, which the ordinary way passes over.
    if (target.isLoad && prepared.load !== undefined)
      return projectBatch({ ...target, isLoad: false }, projection, from, fresh, prepared);
    if (fresh.length > 1) return projectHalves(target, projection, from, fresh);
    const { checkpoint, commit } = await commitBatch(
      target,
      projection,
      from,
      fresh,
      await projection.prepare(fresh, from.withheld, error.message),
    );
    return { checkpoint, commits: [commit] };
  }
}

async function projectHalves(
  target: Target,
  projection: Projection,
  from: Checkpoint,
  messages: readonly LoggedMessage[],
): Promise<Projected> {
  const middle = Math.ceil(messages.length / 2);
  const first = await projectBatch(target, projection, from, messages.slice(0, middle));
  const second = await projectBatch(target, projection, first.checkpoint, messages.slice(middle));
  return { checkpoint: second.checkpoint, commits: [...first.commits, ...second.commits] };
}

async function commitBatch(
  { client, schema, share, isLoad }: Target,
  projection: Projection,
  from: Checkpoint,
  messages: readonly LoggedMessage[],
  prepared: Prepared,
): Promise<{ checkpoint: Checkpoint; commit: Commit }> {
  const gaps = projection.isWhole ? gapsIn(from.streamSeq, messages) : [];
  const claims = await claimRemains(client, schema, share.partition, prepared.events, gaps);
  const windows = windowsOf(from.window, messages);
  const checkpoint: Checkpoint = {
    streamSeq: (messages.at(-1) as LoggedMessage).streamSeq,
    events: from.events + prepared.count + claims.streamSeqs.size,
    digest: addDigest(addDigest(from.digest, prepared.digest), claims.digest),
    window: windows.at(-1) ?? from.window,
    interventions: from.interventions,
    model: from.model,
    withheld: withParked(
      from.withheld,
      prepared.standstills.map(({ conversationId }) => conversationId),
    ),
  };
  const move = { share, from, to: checkpoint, windows, claimed: claims.streamSeqs };
  if (prepared.writeAtOnce !== undefined && gaps.length === 0 && !isLoad && !passesMark(move)) {
    await prepared.writeAtOnce(client, schema, move);
    return { checkpoint, commit: { prepared, written: nobody } };
  }
  await client.query('begin');
  try {
    await moveCheckpoint(client, schema, move);
    const written =
      isLoad && prepared.load !== undefined
        ? await prepared.load(client, schema, move).then(() => nobody)
        : await prepared.write(client, schema, move);
    await writeGaps(client, schema, share.partition, gaps, claims.streamSeqs);
    await writeUnfolded(client, schema, share, prepared, from.withheld);
    await client.query('commit');
    return { checkpoint, commit: { prepared, written } };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

const nobody: Written = { entered: [], left: [] };

/** SQLSTATE classes 22 (data), 23 (constraints) and 54 (limits): the same batch fails the same way each time. */
export const isRefusedData = (error: unknown): error is Error =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(22|23|54)/.test(error.code);
