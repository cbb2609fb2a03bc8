import type { SeqRange } from '@parley/domain/conversation/vocabulary';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rangesOf, without } from './ranges.js';

const message = (seq: number, ordinal: number) => ({ seq, ordinal });
const seqsIn = (ranges: readonly SeqRange[]): readonly number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, n) => from + n));

it('makes one range of messages that follow each other, over what lies between them', () => {
  expect(rangesOf([message(2, 1), message(3, 2), message(7, 3)])).toEqual([[2, 7]]);
});

it('leaves out a message that is not due', () => {
  expect(rangesOf([message(9, 4), message(2, 1), message(5, 2)])).toEqual([
    [2, 5],
    [9, 9],
  ]);
});

it('covers the messages given and no other', () => {
  // Which of the events are messages, and which of those are due.
  const events = fc.array(fc.constantFrom('event', 'message', 'due'), { maxLength: 60 });
  fc.assert(
    fc.property(events, (kinds) => {
      let ordinal = 0;
      const all = kinds.flatMap((kind, index) =>
        kind === 'event' ? [] : [{ kind, seq: index + 1, ordinal: ++ordinal }],
      );
      const covered = new Set(seqsIn(rangesOf(all.filter(({ kind }) => kind === 'due'))));
      for (const { kind, seq } of all) expect(covered.has(seq)).toBe(kind === 'due');
    }),
  );
});

it('takes out of ranges what others cover', () => {
  const range = fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 10 }))
    .map(([from, length]): SeqRange => [from, from + length]);
  const ranges = fc.array(range, { maxLength: 6 });
  fc.assert(
    fc.property(ranges, ranges, (some, others) => {
      const gone = new Set(seqsIn(others));
      expect(seqsIn(without(some, others))).toEqual(seqsIn(some).filter((seq) => !gone.has(seq)));
    }),
  );
});
