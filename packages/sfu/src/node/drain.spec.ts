import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callsAtOnce } from './drain.js';

/** How long the people of a call are waited for, in ms. */
const LEAVE_MS = 4_000;

it('gives so many calls away at once that the time is enough, even if nobody leaves by themselves', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20_000 }),
      fc.integer({ min: 6_000, max: 3_600_000 }),
      (calls, ms) => {
        const rounds = Math.ceil(calls / callsAtOnce(calls, ms));
        expect(rounds * LEAVE_MS).toBeLessThan(ms);
      },
    ),
  );
});

it('does not wait for few one after another, nor move many sooner than it must', () => {
  expect(callsAtOnce(3, 30_000)).toBeGreaterThanOrEqual(3);
  expect(callsAtOnce(700, 30_000)).toBe(100);
  expect(callsAtOnce(700, 3_600_000)).toBeLessThan(10);
  // Where the time is over all there are go at once.
  expect(callsAtOnce(700, -5)).toBe(700);
});
