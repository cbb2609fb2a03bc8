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
