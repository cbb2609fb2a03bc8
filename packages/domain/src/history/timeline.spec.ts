import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HistoricMessage, Timeline } from './timeline.js';

const message = (seq: number, author = 'ann'): HistoricMessage => ({
  seq,
  ordinal: seq,
  author,
  at: seq,
  sentAt: null,
  replyTo: null,
  expiresAt: null,
  body: 'p0.{"kind":"text","text":"x"}',
  editedAt: null,
  deletedAt: null,
  expired: false,
  reactions: undefined,
});

const timelineOf = (seqs: Iterable<number>): Timeline => {
  const timeline = new Timeline();
  for (const seq of seqs) timeline.add(message(seq));
  return timeline;
};
const seqsOf = (messages: Iterable<HistoricMessage>) => Array.from(messages, ({ seq }) => seq);

/** Seqs around the edges of blocks, and far out. */
const seq = fc.oneof(
  fc.integer({ min: 1, max: 5_000 }),
  fc.constantFrom(1_023, 1_024, 1_025, 2_047, 2_048, 1_000_000, 2 ** 40),
);

describe('a timeline', () => {
  it('is in the order of seqs, wherever a message was added', () => {
    fc.assert(
      fc.property(fc.array(seq), seq, (seqs, edge) => {
        const timeline = timelineOf(seqs);
        const sorted = [...new Set(seqs)].toSorted((a, b) => a - b);
        expect(seqsOf(timeline)).toEqual(sorted);
        expect(timeline.size).toBe(sorted.length);
        expect(seqsOf(timeline.before(edge))).toEqual(sorted.filter((each) => each < edge).toReversed());
        expect(seqsOf(timeline.after(edge))).toEqual(sorted.filter((each) => each > edge));
        expect(timeline.get(edge)?.seq).toBe(sorted.includes(edge) ? edge : undefined);
      }),
    );
  });

  it('expires what is in a range, each message once', () => {
    fc.assert(
      fc.property(fc.array(seq), fc.array(fc.tuple(seq, seq), { maxLength: 5 }), (seqs, ranges) => {
        const timeline = timelineOf(seqs);
        const given = ranges.flatMap(([from, to]) => seqsOf(timeline.expire(from, to)));
        const within = [...new Set(seqs)].filter((each) =>
          ranges.some(([from, to]) => from <= each && each <= to),
        );
        expect(given.toSorted((a, b) => a - b)).toEqual(within.toSorted((a, b) => a - b));
        expect(seqsOf([...timeline].filter(({ expired }) => expired))).toEqual(
          within.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('passes over what has expired before, so that ranges that grow cost what is new in them', () => {
    const messages = 100_000;
    const timeline = timelineOf(Array.from({ length: messages }, (_, index) => index + 1));
    let looked = 0;
    for (const each of timeline) {
      let { expired } = each;
      Object.defineProperty(each, 'expired', {
        get: () => {
          looked++;
          return expired;
        },
        set: (value: boolean) => {
          expired = value;
        },
      });
    }
    for (let to = 100; to <= messages; to += 100) timeline.expire(1, to);
    // Looking at each message for each range would be 50 million looks.
    expect(looked).toBeLessThan(10 * messages);
  });

  it('gives what somebody wrote and is still there, once', () => {
    const timeline = new Timeline();
    for (const [seq, author] of [
      [2, 'ann'],
      [3, 'ben'],
      [4, 'ann'],
      [5, 'ann'],
    ] as const)
      timeline.add(message(seq, author));
    timeline.expire(4, 4);
    expect(seqsOf(timeline.takeOf('ann'))).toEqual([2, 5]);
    expect(seqsOf(timeline.takeOf('ann'))).toEqual([]);
    timeline.add(message(6, 'ann'));
    expect(seqsOf(timeline.takeOf('ann'))).toEqual([6]);
  });
});
