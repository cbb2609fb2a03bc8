import type { JetStreamClient } from '@nats-io/jetstream';
import { addDigest, type Digest, type LoggedEvent } from '@parley/domain/log/digest';
import type { DigestMark } from '../digest-marks.js';
import { firstDifference, type LiveDifference, type liveSums, type Suspect, suspectOf } from './live-sums.js';
import { type Fold, type Met, replay } from './replay.js';

/** The first stretch of the log that does not sum up to what a build says of it, and the event by which, where one alone explains it. */
export async function liveDifference(
  js: JetStreamClient,
  stream: string,
  last: number,
  marks: readonly DigestMark[],
  { sums, unclaimed }: ReturnType<ReturnType<typeof liveSums>['end']>,
  fold: Fold,
): Promise<LiveDifference | undefined> {
  const first = firstDifference(marks, sums);
  if (first === undefined) return undefined;
  const { index, before } = first;
  const after = marks[index - 1]?.streamSeq ?? 0;
  const { streamSeq: upTo, digest } = marks[index] as DigestMark;
  if (upTo > last) return { from: after + 1, to: upTo, suspect: { tag: 'beyond the log', last } };
  const replayed = addDigest(before, sums[index] as Digest);
  let suspect: Suspect | undefined;
  const onMet = ({ message, json, event }: Met): void => {
    if (suspect !== undefined || typeof event === 'string') return;
    const tag = suspectOf(digest, replayed, json as LoggedEvent);
    if (tag !== undefined) suspect = { tag, event: json as LoggedEvent, streamSeq: message.streamSeq };
  };
  await replay(js, stream, { after, upTo, isWanted: () => false, onMet }, fold);
  const gap = unclaimed.find((each) => each.last > after && each.first <= upTo);
  return {
    from: after + 1,
    to: upTo,
    suspect: suspect ?? (gap && { tag: 'gone from the log', gap }),
  };
}
