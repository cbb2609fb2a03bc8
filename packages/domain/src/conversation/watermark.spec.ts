import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { refuse } from './refusals.js';
import { advance, type Watermark } from './watermark.js';

const HEAD = 20;
const seq = fc.integer({ min: 0, max: HEAD + 3 });
const mark = fc.record({ delivered: seq, read: seq }, { requiredKeys: [] });

/** Applies marks one after the other, as a user's devices send them; refused ones change nothing. */
function walk(marks: readonly Partial<Watermark>[]): readonly Watermark[] {
  let current: Watermark | undefined;
  return marks.map((next) => {
    const advanced = advance(current, next, HEAD);
    if (E.isRight(advanced)) current = { delivered: advanced.right.delivered, read: advanced.right.read };
    return current ?? { delivered: 0, read: 0 };
  });
}

describe('a watermark', () => {
  it('starts where the first mark says', () => {
    expect(advance(undefined, { delivered: 7, read: 3 }, HEAD)).toStrictEqual(
      E.right({ tag: 'moved', delivered: 7, read: 3 }),
    );
  });

  it('is delivered as far as it is read', () => {
    expect(advance({ delivered: 4, read: 1 }, { read: 9 }, HEAD)).toStrictEqual(
      E.right({ tag: 'moved', delivered: 9, read: 9 }),
    );
    expect(advance(undefined, { delivered: 2, read: 5 }, HEAD)).toStrictEqual(
      E.right({ tag: 'moved', delivered: 5, read: 5 }),
    );
  });

  it('stays where it is for a mark that is behind, equal or empty', () => {
    const current = { delivered: 9, read: 5 };
    for (const next of [{ delivered: 8, read: 5 }, { delivered: 9 }, { read: 2 }, {}]) {
      expect(advance(current, next, HEAD)).toStrictEqual(E.right({ tag: 'unchanged', ...current }));
    }
    expect(advance(undefined, {}, HEAD)).toStrictEqual(E.right({ tag: 'unchanged', delivered: 0, read: 0 }));
  });

  it('moves one of the two while the other is behind', () => {
    expect(advance({ delivered: 9, read: 5 }, { delivered: 2, read: 6 }, HEAD)).toStrictEqual(
      E.right({ tag: 'moved', delivered: 9, read: 6 }),
    );
  });

  it('reaches the newest event and is refused beyond it', () => {
    expect(E.isRight(advance(undefined, { read: HEAD }, HEAD))).toBe(true);
    const refused = E.left(refuse('BeyondTheHead', 'the newest is 20'));
    expect(advance(undefined, { read: HEAD + 1 }, HEAD)).toStrictEqual(refused);
    expect(advance(undefined, { delivered: HEAD + 1 }, HEAD)).toStrictEqual(refused);
    expect(advance({ delivered: 3, read: 3 }, { delivered: HEAD + 1, read: 4 }, HEAD)).toStrictEqual(refused);
  });

  it('never moves back, never reads what was not delivered, never passes the head, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 40 }), (marks) => {
        let before = { delivered: 0, read: 0 };
        for (const after of walk(marks)) {
          expect(after.delivered).toBeGreaterThanOrEqual(before.delivered);
          expect(after.read).toBeGreaterThanOrEqual(before.read);
          expect(after.read).toBeLessThanOrEqual(after.delivered);
          expect(after.delivered).toBeLessThanOrEqual(HEAD);
          before = after;
        }
      }),
    );
  });

  it('ends in the same place in whatever order and however often marks arrive', () => {
    const shuffled = fc
      .array(mark, { minLength: 1, maxLength: 12 })
      .chain((marks) =>
        fc.tuple(
          fc.constant(marks),
          fc.shuffledSubarray([...marks, ...marks], { minLength: marks.length * 2 }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([marks, again]) => {
        expect(walk(again).at(-1)).toStrictEqual(walk(marks).at(-1));
      }),
    );
  });

  it('says moved exactly when something moved', () => {
    const current = fc.tuple(seq, seq).map(([a, b]) => ({ delivered: Math.max(a, b), read: Math.min(a, b) }));
    fc.assert(
      fc.property(current, mark, (before, next) => {
        const advanced = advance(before, next, HEAD + 3);
        if (E.isLeft(advanced)) throw new Error('nothing is beyond the head here');
        const { tag, ...after } = advanced.right;
        expect(tag === 'unchanged').toBe(after.delivered === before.delivered && after.read === before.read);
      }),
    );
  });
});
