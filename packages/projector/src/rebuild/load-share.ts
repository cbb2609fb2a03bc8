import type { JetStreamClient } from '@nats-io/jetstream';
import { consumeBatches } from '@parley/infra/log/consume';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { readCheckpoint } from '../checkpoint.js';
import { prepareAhead } from '../prepare-ahead.js';
import type { Target } from '../project-batch.js';
import type { Projection } from '../projection.js';
import { projectOn } from '../run-share.js';
import type { Pace } from './pace.js';

export type LoadOptions = {
  readonly js: JetStreamClient;
  readonly pace: Pace;
  /** Told after each commit where the share is in its stream, and how many messages that was. */
  readonly onCommit: (streamSeq: number, messages: number) => void;
  readonly onRestart: (reason: string) => void;
};

/**
 * Folds a share from its checkpoint to where its stream ends now, or until the signal is aborted. What was committed stays.
 *
 * @returns how many messages that were
 * @throws Superseded, or what Postgres says
 */
export async function loadShare(
  { js, pace, onCommit, onRestart }: LoadOptions,
  projection: Projection,
  target: Target,
  signal: AbortSignal,
): Promise<number> {
  let checkpoint = await readCheckpoint(target.client, target.schema, target.share);
  const stream = projection.streamOf(target.share.partition);
  const batch = Math.min(pace.batch, await eventsIn(BATCH_BYTES, js, stream));
  let total = 0;
  const stop = new AbortController();
  const batches = consumeBatches(js, stream, checkpoint.streamSeq, {
    maxBatch: batch,
    signal: AbortSignal.any([signal, stop.signal]),
    follow: false,
    onRestart,
  });
  const prepare = (messages: readonly LoggedMessage[]) => projection.prepare(messages, checkpoint.withheld);
  for await (const { messages, prepared } of prepareAhead(batches, prepare, batch)) {
    ({ checkpoint } = await projectOn(target, projection, checkpoint, messages, prepared).catch(
      (error: Error) => {
        // What is being read ahead must end, or leaving this loop would wait for it.
        stop.abort();
        throw error;
      },
    ));
    total += messages.length;
    onCommit(checkpoint.streamSeq, messages.length);
    if (signal.aborted) break;
    await pace.spent(messages.length, signal);
  }
  return total;
}

/** Bytes of the log in a transaction, about; up to five times as many are in memory. */
const BATCH_BYTES = 64 * 1024 * 1024;

/** How many of a stream's messages have so many bytes, as they are on average: bodies may be a hundred times as long as most are. */
async function eventsIn(bytes: number, js: JetStreamClient, stream: string): Promise<number> {
  const { state } = await (await js.jetstreamManager(false)).streams.info(stream);
  return Math.max(500, Math.floor((bytes * state.messages) / Math.max(1, state.bytes)));
}
