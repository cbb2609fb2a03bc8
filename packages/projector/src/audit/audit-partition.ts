import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { digestOfText } from '@parley/domain/log/digest';
import { streamName } from '@parley/infra/log/subjects';
import type { DigestMark } from '../digest-marks.js';
import { liveDifference } from './live-difference.js';
import { type LiveDifference, liveSums, type NotFolded } from './live-sums.js';
import { type Fold, type Met, replay, theFold } from './replay.js';
import { type ReplayDifference, type ReplayPair, replayDifference } from './replay-difference.js';

/** What a build says of itself: its marks in order, the last of them its checkpoint. */
export type LiveDigests = NotFolded & { readonly marks: readonly DigestMark[] };

export type PartitionAudit = {
  readonly partition: number;
  readonly stream: string;
  /** Messages that were replayed. */
  readonly messages: number;
  readonly unreadable: number;
  /** Where two replays first became something else; undefined where they are equal. */
  readonly replays: ReplayDifference | undefined;
  /** The build at its checkpoint: equal, or where it first is not. Undefined where none was given. */
  readonly live: { readonly at: number; readonly difference: LiveDifference | undefined } | undefined;
};

export type AuditResources = {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
};

export type AuditOptions = {
  readonly live?: LiveDigests;
  readonly onRead?: (messages: number) => void;
  readonly signal?: AbortSignal;
  /** A test may give one that is not the same each time. */
  readonly fold?: Fold;
};

/** Conversations whose states are held at a time: with more of them the stream is read more often. */
const AT_A_TIME = 20_000;

/** Times the stream is read, so that a caller can say how far it is. */
export async function readingsOf({ jsm }: Pick<AuditResources, 'jsm'>, partition: number): Promise<number> {
  const { state } = await jsm.streams.info(streamName(partition));
  return 2 * Math.max(1, Math.ceil((state.num_subjects ?? 0) / AT_A_TIME));
}

/**
 * Replays a partition twice, as far as it is now, and compares what both came to; then compares the first with what a build has folded.
 *
 * @throws when the broker does not answer.
 */
export async function auditPartition(
  resources: AuditResources,
  partition: number,
  options: AuditOptions = {},
): Promise<PartitionAudit> {
  const { js, jsm } = resources;
  const { live, fold = theFold } = options;
  const stream = streamName(partition);
  const { state } = await jsm.streams.info(stream);
  const groups = (await readingsOf(resources, partition)) / 2;
  const sums = live && liveSums(live.marks, live);
  const counts = { messages: 0, unreadable: 0 };
  const pairs: ReplayPair[] = [];
  for (let group = 0; group < groups; group++) {
    const range = {
      after: 0,
      upTo: state.last_seq,
      isWanted: (id: string) => groups === 1 || (digestOfText(id)[0] as number) % groups === group,
      ...(options.onRead && { onRead: options.onRead }),
      ...(options.signal && { signal: options.signal }),
    };
    const onMet = (met: Met): void => {
      counts.messages++;
      if (typeof met.event === 'string') counts.unreadable++;
      sums?.take(met);
    };
    const one = await replay(js, stream, group === 0 ? { ...range, onMet } : range, fold);
    pairs.push({ one, other: await replay(js, stream, range, fold) });
  }
  return {
    partition,
    stream,
    ...counts,
    replays: await replayDifference(js, stream, state.last_seq, pairs, fold),
    live: live &&
      sums && {
        at: live.marks.at(-1)?.streamSeq ?? 0,
        difference: await liveDifference(js, stream, state.last_seq, live.marks, sums.end(), fold),
      },
  };
}
