import type { JetStreamManager } from '@nats-io/jetstream';
import { partitionLabel } from '@parley/domain/log/partition';
import { receiptStreamName, streamName } from './subjects.js';

/** The part of the log that one projection of one partition reads. */
export type ProjectedStream = { readonly projection: 'timeline' | 'receipts'; readonly partition: number };

export const nameOfStream = ({ projection, partition }: ProjectedStream): string =>
  projection === 'timeline' ? streamName(partition) : receiptStreamName(partition);

/** A message of a stream without what it says; `storedAt` in ms. */
export type StoredPlace = {
  readonly streamSeq: number;
  readonly storedAt: number;
  readonly subject: string;
};

/** The first message with a sequence after this one, or undefined. One round trip. */
export async function firstAfter(
  jsm: JetStreamManager,
  of: ProjectedStream,
  after: number,
): Promise<StoredPlace | undefined> {
  const everything = `${of.projection === 'timeline' ? 'conv' : 'rcpt'}.${partitionLabel(of.partition)}.>`;
  const query = { seq: after + 1, next_by_subj: everything };
  const message = await jsm.direct.getMessage(nameOfStream(of), query);
  if (message === null) return undefined;
  return { streamSeq: message.seq, storedAt: message.time.getTime(), subject: message.subject };
}

/** How far rows are behind their stream. */
export type Lag = {
  /** Sequence of the newest message; that of the rows, where nothing after it is left. */
  readonly head: number;
  /** Messages that the rows lack, at most: some of those sequences may be of what was taken out. */
  readonly events: number;
  /** For how long the first of them has been in the log; 0 without any. */
  readonly seconds: number;
};

/** How far rows that have reached a sequence are behind their stream; `now` in ms. One round trip or, where they may be behind, two. */
export async function lagBehind(
  jsm: JetStreamManager,
  of: ProjectedStream,
  reached: number,
  now: number = Date.now(),
): Promise<Lag> {
  const { last_seq: last } = (await jsm.streams.info(nameOfStream(of))).state;
  const missing = last > reached ? await firstAfter(jsm, of, reached) : undefined;
  // Where the log ends before the rows, it is another log: that is told as it is.
  if (missing === undefined) return { head: Math.min(last, reached), events: 0, seconds: 0 };
  const events = last - missing.streamSeq + 1;
  return { head: last, events, seconds: Math.max(0, now - missing.storedAt) / 1_000 };
}

/**
 * Whether a stream has nothing after one sequence and up to another. It counts on where messages were taken out of it, as receipts
 * are when what they tell of is erased: rows that have all before that never come further.
 */
export async function isHollow(
  jsm: JetStreamManager,
  of: ProjectedStream,
  after: number,
  upTo: number,
): Promise<boolean> {
  if (after >= upTo) return true;
  const next = await firstAfter(jsm, of, after);
  return next === undefined || next.streamSeq > upTo;
}
