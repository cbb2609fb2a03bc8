import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { elapsed } from './elapsed.js';

const HOUR = 3_600_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const passesBy = (act: () => void): number => {
  const before = elapsed();
  act();
  return elapsed() - before;
};

it('goes on by itself, and while a device sleeps', () => {
  expect(passesBy(() => vi.advanceTimersByTime(250))).toBe(250);
  expect(passesBy(() => vi.setSystemTime(Date.now() + HOUR))).toBe(HOUR);
});

it('does not go back with a clock that is set back, and goes on from there', () => {
  expect(passesBy(() => vi.setSystemTime(Date.now() - HOUR))).toBe(0);
  expect(passesBy(() => vi.advanceTimersByTime(250))).toBe(250);
});
