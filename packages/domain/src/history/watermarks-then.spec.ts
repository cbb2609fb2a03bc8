import { describe, expect, it } from 'vitest';
import { watermarksThen } from './watermarks-then.js';

const whole = { oldest: false, any: false };
const move = (read: number, at: number) => ({ delivered: read + 1, read, at });

describe('watermarks as they were', () => {
  const moves = [move(3, 100), move(5, 200), move(9, 300)];

  it('are those of the last move by then', () => {
    expect(watermarksThen(moves, 250, whole)).toEqual({ delivered: 6, read: 5, exact: true, readAtMost: 5 });
    expect(watermarksThen(moves, 300, { ...whole, oldest: true })).toMatchObject({ read: 9, exact: true });
    expect(watermarksThen(moves, 900, { oldest: true, any: true })).toMatchObject({ read: 9, exact: true });
  });

  it('are nowhere before the first move, or without one', () => {
    expect(watermarksThen(moves, 99, whole)).toEqual({ delivered: 0, read: 0, exact: true, readAtMost: 0 });
    expect(watermarksThen([], 99, { oldest: false, any: true })).toMatchObject({ read: 0, exact: true });
  });

  it('are a range where the move of that time is forgotten', () => {
    const oldest = { oldest: true, any: false };
    expect(watermarksThen(moves, 99, oldest)).toEqual({ delivered: 0, read: 0, exact: false, readAtMost: 3 });
    expect(watermarksThen(moves, 150, oldest)).toMatchObject({ read: 3, exact: true });
    const any = { oldest: false, any: true };
    expect(watermarksThen(moves, 150, any)).toMatchObject({ read: 3, exact: false, readAtMost: 5 });
  });

  it('know a move that lost its time as one of long ago', () => {
    const timeless = [move(4, 0), move(9, 300)];
    expect(watermarksThen(timeless, 250, whole)).toMatchObject({ read: 4, exact: true });
    const any = { oldest: false, any: true };
    expect(watermarksThen(timeless, 250, any)).toMatchObject({ read: 0, exact: false, readAtMost: 9 });
    expect(watermarksThen([move(4, 0)], 250, any)).toMatchObject({ read: 0, exact: false, readAtMost: 4 });
  });
});
