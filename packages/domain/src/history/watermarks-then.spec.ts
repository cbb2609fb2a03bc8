import { describe, expect, it } from 'vitest';
import { watermarksThen } from './watermarks-then.js';

const whole = { oldest: false, any: false, all: false };
const move = (read: number, at: number) => ({ delivered: read + 1, read, at });

describe('watermarks as they were', () => {
  const moves = [move(3, 100), move(5, 200), move(9, 300)];

  it('are those of the last move by then', () => {
    expect(watermarksThen(moves, 250, whole)).toEqual({ delivered: 6, read: 5, exact: true, readAtMost: 5 });
    expect(watermarksThen(moves, 300, { ...whole, oldest: true })).toMatchObject({ read: 9, exact: true });
    expect(watermarksThen(moves, 900, { ...whole, oldest: true, any: true })).toMatchObject({
      read: 9,
      exact: true,
    });
  });

  it('are nowhere before the first move, or without one', () => {
    expect(watermarksThen(moves, 99, whole)).toEqual({ delivered: 0, read: 0, exact: true, readAtMost: 0 });
    expect(watermarksThen([], 99, { ...whole, any: true })).toMatchObject({ read: 0, exact: true });
  });

  it('are a range where the move of that time is forgotten', () => {
    const oldest = { ...whole, oldest: true };
    expect(watermarksThen(moves, 99, oldest)).toEqual({ delivered: 0, read: 0, exact: false, readAtMost: 3 });
    expect(watermarksThen(moves, 150, oldest)).toMatchObject({ read: 3, exact: true });
    const any = { ...whole, any: true };
    expect(watermarksThen(moves, 150, any)).toMatchObject({ read: 3, exact: false, readAtMost: 5 });
  });

  it('may have been anywhere where all moves may be erased', () => {
    const all = { ...whole, all: true };
    expect(watermarksThen([], 99, all)).toMatchObject({
      read: 0,
      exact: false,
      readAtMost: Number.MAX_SAFE_INTEGER,
    });
    expect(watermarksThen(moves, 250, all)).toMatchObject({ read: 5, exact: true });
  });

  it('know a move that lost its time as one of long ago', () => {
    const timeless = [move(4, 0), move(9, 300)];
    expect(watermarksThen(timeless, 250, whole)).toMatchObject({ read: 4, exact: true });
    const any = { ...whole, any: true };
    expect(watermarksThen(timeless, 250, any)).toMatchObject({ read: 0, exact: false, readAtMost: 9 });
    expect(watermarksThen([move(4, 0)], 250, any)).toMatchObject({ read: 0, exact: false, readAtMost: 4 });
  });
});
