import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forgetMoves, isForgetting, type Move } from './kept-moves.js';

const move = (delivered: number, read: number, at: number): Move => ({ delivered, read, at });

const toldOf =
  (...seqs: readonly number[]) =>
  (after: number, upTo: number): boolean =>
    seqs.some((seq) => after < seq && seq <= upTo);

describe('moves that are forgotten', () => {
  it('are those that tell of no message whose proof is told, also in the middle', () => {
    const moves = [move(2, 2, 10), move(5, 2, 20), move(5, 5, 30), move(9, 9, 40)];
    expect(forgetMoves(moves, toldOf(2, 9))).toEqual({ kept: [true, false, false, true], losesTime: false });
    expect(forgetMoves(moves, toldOf(4, 9))).toEqual({ kept: [false, true, true, true], losesTime: false });
  });

  it('are none as long as something is told of each', () => {
    const moves = [move(2, 0, 10), move(5, 2, 20)];
    expect(isForgetting(forgetMoves(moves, toldOf(1, 5)))).toBe(false);
  });

  it('leave the newest, which is where the watermarks are, without its time', () => {
    const moves = [move(2, 2, 10), move(5, 5, 20)];
    expect(forgetMoves(moves, toldOf())).toEqual({ kept: [false, true], losesTime: true });
    expect(forgetMoves(moves, toldOf(1))).toEqual({ kept: [true, true], losesTime: true });
    expect(isForgetting(forgetMoves([move(5, 5, 0)], toldOf()))).toBe(false);
    expect(isForgetting(forgetMoves([], toldOf()))).toBe(false);
  });

  const steps = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { minLength: 1, maxLength: 20 });

  it('change nothing of what is told, whenever they are forgotten and however often', () => {
    fc.assert(
      fc.property(steps, fc.uniqueArray(fc.integer({ min: 1, max: 90 })), fc.nat(), (made, seqs, salt) => {
        let [delivered, read] = [0, 0];
        const moves = made.map(([byRead, more], index) => {
          read += byRead;
          delivered = Math.max(delivered, read + more);
          return move(delivered, read, 100 + index);
        });
        const reached = (all: readonly Move[], mark: 'delivered' | 'read', seq: number) =>
          all.find((each) => each[mark] >= seq)?.at;
        const forgotten = (from: readonly Move[], told: readonly number[]): readonly Move[] => {
          const { kept, losesTime } = forgetMoves(from, toldOf(...told));
          return from
            .map((each, index) => (losesTime && index === from.length - 1 ? { ...each, at: 0 } : each))
            .filter((_, index) => kept[index]);
        };
        const fewer = seqs.filter((seq) => (seq + salt) % 3 > 0);
        const twice = forgotten(forgotten(moves, seqs), fewer);
        expect(twice).toEqual(forgotten(moves, fewer));
        for (const seq of fewer)
          for (const mark of ['delivered', 'read'] as const)
            expect(reached(twice, mark, seq)).toBe(reached(moves, mark, seq));
        expect(isForgetting(forgetMoves(twice, toldOf(...fewer)))).toBe(false);
      }),
    );
  });
});
