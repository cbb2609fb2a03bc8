import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextMove } from './fair-share.js';

describe('a fair share of the partitions', () => {
  it('is everything for a projector alone', () => {
    expect(nextMove(4, [], 1)).toEqual({ wanted: [0, 1, 2, 3], room: 4, surplus: [] });
  });

  it('is rounded up, so that nothing is left to nobody', () => {
    expect(nextMove(16, [], 3).room).toBe(6);
  });

  it('makes room for a projector that comes later', () => {
    expect(nextMove(4, [0, 1, 2, 3], 2)).toEqual({ wanted: [], room: 0, surplus: [2, 3] });
  });

  it('leaves who has a fair share alone', () => {
    expect(nextMove(5, [0, 1, 2], 2)).toEqual({ wanted: [], room: 0, surplus: [] });
  });

  it('lets any number of projectors settle with everything owned and nothing given up again', () => {
    const setting = fc.record({
      partitions: fc.integer({ min: 1, max: 32 }),
      projectors: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(setting, ({ partitions, projectors }) => {
        const held: number[][] = Array.from({ length: projectors }, () => []);
        held[0] = Array.from({ length: partitions }, (_, partition) => partition);
        for (let round = 0; round < 3; round++) {
          for (const [index, mine] of held.entries()) {
            const { wanted, room, surplus } = nextMove(partitions, mine, projectors);
            const free = wanted.filter((partition) => !held.some((others) => others.includes(partition)));
            held[index] = [
              ...mine.filter((partition) => !surplus.includes(partition)),
              ...free.slice(0, room),
            ];
          }
        }
        const moves = held.map((mine) => nextMove(partitions, mine, projectors));
        return held.flat().length === partitions && moves.every(({ surplus }) => surplus.length === 0);
      }),
    );
  });
});
