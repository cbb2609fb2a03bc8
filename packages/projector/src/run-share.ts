import type { JetStreamClient } from '@nats-io/jetstream';
import { consumeBatches } from '@parley/infra/log/consume';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import type { Log } from '@parley/infra/runtime/log';
import { type Checkpoint, readCheckpoint, Superseded } from './checkpoint.js';
import type { ShareMetrics } from './metrics.js';
import { pause } from './pause.js';
import { prepareAhead } from './prepare-ahead.js';
import { type Commit, type Projected, projectBatch, type Target } from './project-batch.js';
import type { Prepared, Projection } from './projection.js';

/**
 * Milliseconds from one commit to the next of a share, unless it is behind: a steady stream would otherwise be committed
 * message by message. The first message after a rest does not wait.
 */
const BETWEEN_COMMITS = 20;

/** Messages in a transaction at most. */
export const MAX_BATCH = 4_000;

export type ShareResources = {
  readonly js: JetStreamClient;
  readonly metrics: ShareMetrics;
  readonly log: Log;
  /** Told of what was committed; `pending` messages were behind it in the log. Must not throw and is not waited for. */
  readonly onCommit: (commits: readonly Commit[], pending: number) => void;
  /** Told at the start, and after each commit, how many messages of the log the rows lack. */
  readonly onPlace?: (pending: number) => void;
};

/** The log ends before the checkpoint: it is another log than the one these rows were made of. */
export class LogTooShort extends Error {
  constructor(stream: string, last: number, checkpoint: number) {
    super(
      `${stream} ends at ${last}, but its rows were made of ${checkpoint} messages: the log was replaced or lost its end. ` +
        'Restore the log, or rebuild the read model from this one.',
    );
    this.name = 'LogTooShort';
  }
}

/**
 * Projects one partition, from its checkpoint on, until the signal is aborted. The caller holds the lock of the share on
 * the same connection that writes, so the lock is gone when the connection is.
 *
 * @throws Superseded, LogTooShort, or what Postgres says: what was not committed is read from the log again by the next
 *   owner, so nothing has to be kept.
 */
export async function runShare(
  resources: ShareResources,
  projection: Projection,
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  const { js, metrics, log, onCommit, onPlace } = resources;
  const { share, client, schema } = target;
  const stream = projection.streamOf(share.partition);
  const begin = await readCheckpoint(client, schema, share);
  const { last } = await requireLog(js, stream, begin);
  let checkpoint = begin;
  metrics.reached(share, begin.streamSeq);
  onPlace?.(last - begin.streamSeq);
  const stop = new AbortController();
  const batches = consumeBatches(js, stream, begin.streamSeq, {
    maxBatch: MAX_BATCH,
    signal: AbortSignal.any([signal, stop.signal]),
    onRestart: (reason) => log.warn({ stream, reason }, 'reading the log starts over'),
  });
  const prepare = (messages: readonly LoggedMessage[]) => projection.prepare(messages, checkpoint.withheld);
  for await (const { messages, prepared } of prepareAhead(batches, prepare, MAX_BATCH)) {
    const startedAt = performance.now();
    const projected = await projectOn(target, projection, checkpoint, messages, prepared).catch(
      (error: Error) => {
        // What is being read ahead must end, or leaving this loop would wait for the next event of the log.
        stop.abort();
        throw error;
      },
    );
    checkpoint = projected.checkpoint;
    const newest = messages.at(-1);
    const pending = newest?.pending ?? 0;
    metrics.committed(share, {
      events: messages.length,
      parked: projected.commits.reduce((sum, { prepared: { unreadable } }) => sum + unreadable.length, 0),
      seconds: (performance.now() - startedAt) / 1_000,
    });
    metrics.reached(share, checkpoint.streamSeq);
    reportParked(log, stream, projected.commits);
    onCommit(projected.commits, pending);
    onPlace?.(pending);
    if (pending === 0) await rest(startedAt, signal);
  }
}

/**
 * Projects a batch, also where somebody has intervened: a retry, a dropped event. Then the rows are as far as before, and what they stand
 * for is read anew. Where they are not, another process has the share.
 */
export async function projectOn(
  target: Target,
  projection: Projection,
  from: Checkpoint,
  messages: readonly LoggedMessage[],
  prepared: Prepared,
): Promise<Projected> {
  try {
    return await projectBatch(target, projection, from, messages, prepared);
  } catch (error) {
    if (!(error instanceof Superseded)) throw error;
    const now = await readCheckpoint(target.client, target.schema, target.share);
    if (now.streamSeq !== from.streamSeq || now.interventions === from.interventions) throw error;
    return projectOn(target, projection, now, messages, prepared);
  }
}

async function rest(since: number, signal: AbortSignal): Promise<void> {
  const left = BETWEEN_COMMITS - (performance.now() - since);
  if (left > 1) await pause(left, signal);
}

function reportParked(log: Log, stream: string, commits: readonly Commit[]): void {
  for (const { prepared } of commits) {
    for (const { subject, streamSeq, error } of prepared.unreadable) {
      log.error({ stream, subject, streamSeq, error }, 'an event could not be projected and was parked');
    }
  }
}

/** Where the log ends: at or after the checkpoint. */
async function requireLog(
  js: JetStreamClient,
  stream: string,
  { streamSeq }: Checkpoint,
): Promise<{ readonly last: number }> {
  const jsm = await js.jetstreamManager(false);
  const { state } = await jsm.streams.info(stream);
  if (state.last_seq < streamSeq) throw new LogTooShort(stream, state.last_seq, streamSeq);
  return { last: state.last_seq };
}
