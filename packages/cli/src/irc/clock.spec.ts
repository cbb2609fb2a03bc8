import { describe, expect, it } from 'vitest';
import { createClock } from './clock.js';

const at = (day: number, hours: number, minutes: number): number =>
  ((day * 24 + hours) * 60 + minutes) * 60_000;

describe('the clock of a file', () => {
  it('goes on into the next day past midnight', () => {
    const timeOf = createClock(at(10, 0, 0), 1_439);
    expect([1_439, 1_439, 1, 0, 5].map(timeOf)).toEqual([
      at(10, 23, 59),
      at(10, 23, 59),
      at(11, 0, 1),
      at(11, 0, 0),
      at(11, 0, 5),
    ]);
  });

  it('gives a line without a time that of the line before, or of the first that has one', () => {
    const timeOf = createClock(0, 540);
    expect([undefined, 540, undefined, 541].map(timeOf)).toEqual([
      at(0, 9, 0),
      at(0, 9, 0),
      at(0, 9, 0),
      at(0, 9, 1),
    ]);
  });
});
