import type { Envelope } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import type { LogAccess } from '../terminal/log-access.js';
import { type Fault, isFault, type Logged, readStored } from './logged.js';
import type { Run } from './run.js';
import type { Source } from './sources.js';

export type Reading = {
  readonly wants: (event: Envelope) => boolean;
  readonly signal: AbortSignal;
  /** Told of each event that cannot be read; what it throws ends the reading. */
  readonly onFault: (fault: Fault) => void;
};

/** Messages at once; twice as many are held. More are read no faster, and take memory in each of many partitions. */
const MAX_BATCH = 1_000;

/** What was in a partition when the reading began, in the order of its stream. */
export async function* readHistory(
  log: Pick<LogAccess, 'js'>,
  source: Source,
  reading: Reading,
): AsyncGenerator<Run> {
  const { partition, stream, after, upTo, subjects, storedSince } = source;
  if (after < upTo) {
    const options = { ...consuming(reading), follow: false, subjects, storedSince };
    for await (const batch of consumeBatches(log.js, stream, after, options)) {
      const isLast = (batch.at(-1)?.streamSeq ?? 0) >= upTo;
      yield runOf(partition, isLast ? batch.filter(({ streamSeq }) => streamSeq <= upTo) : batch, reading);
      if (isLast) break;
    }
  }
  // Behind the last event that is wanted there may be others.
  if (!reading.signal.aborted) yield { events: [], passed: new Map([[partition, Math.max(after, upTo)]]) };
}

/** What comes behind a place, as it comes, until the signal is aborted. */
export async function* readLive(
  log: Pick<LogAccess, 'js'>,
  { partition, stream, subjects }: Source,
  after: number,
  reading: Reading,
): AsyncGenerator<Run> {
  const options = { ...consuming(reading), subjects };
  for await (const batch of consumeBatches(log.js, stream, after, options))
    yield runOf(partition, batch, reading);
}

/** A broker that is away is waited for: who sits before it should know. */
const consuming = ({ signal }: Reading) => ({
  maxBatch: MAX_BATCH,
  signal,
  onRestart: (reason: string) =>
    void process.stderr.write(`parley: ${reason}; reading goes on where it was\n`),
});

type Stored = { readonly streamSeq: number; readonly bytes: Uint8Array };

function runOf(partition: number, batch: readonly Stored[], { wants, onFault }: Reading): Run {
  const events: Logged[] = [];
  for (const { streamSeq, bytes } of batch) {
    const read = readStored(partition, streamSeq, bytes);
    if (isFault(read)) onFault(read);
    else if (wants(read.event)) events.push(read);
  }
  const last = batch.at(-1)?.streamSeq;
  return { events, passed: last === undefined ? new Map() : new Map([[partition, last]]) };
}
