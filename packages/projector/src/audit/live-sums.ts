import type { Remains } from '@parley/domain/conversation/vocabulary';
import { addDigest, type Digest, digestOf, emptyDigest, type LoggedEvent } from '@parley/domain/log/digest';
import type { DigestMark } from '../digest-marks.js';
import { type Gap, gapsIn, gapsWithout } from '../gaps.js';
import type { Met } from './replay.js';

/** What a build has not folded, and rightly so. */
export type NotFolded = {
  /** Where the conversations are parked. */
  readonly parked: ReadonlyMap<string, number>;
  /** Stream sequences that an operator dropped. */
  readonly dropped: ReadonlySet<number>;
  /** What held nothing when it was read, and is claimed by nothing up to its checkpoint. */
  readonly gaps: readonly Gap[];
};

/** A stretch of the stream whose events do not sum up to what the build says of it, and why, if that can be told. */
export type LiveDifference = {
  /** Stream sequences: the first that may be it, and the last. */
  readonly from: number;
  readonly to: number;
  readonly suspect: Suspect | undefined;
};

export type Suspect =
  | { readonly tag: 'not folded' | 'folded twice'; readonly event: LoggedEvent; readonly streamSeq: number }
  | { readonly tag: 'gone from the log'; readonly gap: Gap }
  /** The log is shorter than what was folded: another log, or its end is lost. `last` is where it ends. */
  | { readonly tag: 'beyond the log'; readonly last: number };

/** What is left of an event that was taken out of the log, as the build that saw it has folded it. */
type Left = { readonly streamSeq: number; readonly digest: Digest };

/**
 * Sums up what a build must have folded between the marks it left, out of everything in the log. It has to be shown all that is in the log,
 * also behind the last mark: what an erasure took out is told there.
 */
export function liveSums(marks: readonly DigestMark[], { parked, dropped, gaps: known }: NotFolded) {
  const sums: Digest[] = marks.map(() => emptyDigest);
  const left = new Map<number, Left>();
  const gaps: Gap[] = [];
  let events = 0;
  let newest = 0;
  const end = marks.at(-1)?.streamSeq ?? 0;

  function add(streamSeq: number, digest: Digest): void {
    const index = markOf(marks, streamSeq);
    if (index === marks.length) return;
    sums[index] = addDigest(sums[index] as Digest, digest);
    events++;
  }

  const isFolded = ({ message: { streamSeq }, event }: Met): boolean =>
    typeof event !== 'string' &&
    !dropped.has(streamSeq) &&
    streamSeq < (parked.get(event.conversationId) ?? Number.POSITIVE_INFINITY);

  return {
    take(met: Met): void {
      const { message, json, event } = met;
      if (newest < end) gaps.push(...gapsIn(newest, [message]));
      newest = message.streamSeq;
      if (message.streamSeq <= end && isFolded(met)) add(message.streamSeq, digestOf(json as LoggedEvent));
      if (typeof event === 'string' || event.type !== 'message.erased') return;
      for (const remains of event.data.remains)
        left.set(remains.streamSeq, leftOf(event.conversationId, remains));
    },
    /** After everything was taken: events folded, and what was in the log once and is not, with nothing to say why. */
    end(): { readonly events: number; readonly sums: readonly Digest[]; readonly unclaimed: readonly Gap[] } {
      const hollowEnd = newest < end ? [{ first: newest + 1, last: end }] : [];
      const within = [...gaps, ...hollowEnd]
        .filter(({ first }) => first <= end)
        .map(({ first, last }) => ({ first, last: Math.min(last, end) }));
      const since = known.reduce<readonly Gap[]>(
        (left, gap) => left.flatMap((one) => apart(one, gap)),
        within,
      );
      const claimed = new Set<number>();
      for (const { streamSeq, digest } of left.values()) {
        if (!since.some(({ first, last }) => first <= streamSeq && streamSeq <= last)) continue;
        claimed.add(streamSeq);
        add(streamSeq, digest);
      }
      return { events, sums, unclaimed: gapsWithout(since, claimed) };
    },
  };
}

/** What is left of a gap without another. */
function apart({ first, last }: Gap, other: Gap): readonly Gap[] {
  if (other.last < first || other.first > last) return [{ first, last }];
  return [
    { first, last: other.first - 1 },
    { first: other.last + 1, last },
  ].filter((gap) => gap.first <= gap.last);
}

const leftOf = (conversationId: string, remains: Remains): Left => ({
  streamSeq: remains.streamSeq,
  digest: digestOf({ ...remains, conversationId }),
});

/** The first mark at or behind a place; marks are in order, and there may be thousands. */
function markOf(marks: readonly DigestMark[], streamSeq: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle] as DigestMark).streamSeq < streamSeq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first mark at which the sums and the build part: its index; undefined where they never do. */
export function firstDifference(
  marks: readonly DigestMark[],
  sums: readonly Digest[],
): { readonly index: number; readonly before: Digest } | undefined {
  let replayed = emptyDigest;
  for (const [index, { digest }] of marks.entries()) {
    const before = replayed;
    replayed = addDigest(replayed, sums[index] as Digest);
    if (!isSame(replayed, digest)) return { index, before };
  }
  return undefined;
}

/** Whether one event alone explains how the build and the log differ. */
export function suspectOf(
  live: Digest,
  replayed: Digest,
  event: LoggedEvent,
): 'not folded' | 'folded twice' | undefined {
  const digest = digestOf(event);
  if (isSame(addDigest(live, digest), replayed)) return 'not folded';
  return isSame(addDigest(replayed, digest), live) ? 'folded twice' : undefined;
}

export const isSame = (one: Digest | undefined, other: Digest | undefined): boolean =>
  one !== undefined && other !== undefined && one.every((lane, index) => lane === other[index]);
