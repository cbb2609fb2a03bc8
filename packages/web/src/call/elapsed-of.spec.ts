import { expect, it } from 'vitest';
import { durationOf, elapsedOf } from './elapsed-of.js';

it.each([
  [-500, '0:00'],
  [7_400, '0:07'],
  [724_000, '12:04'],
  [3_723_000, '1:02:03'],
])('%i ms run as %s', (ms, words) => {
  expect(elapsedOf(ms)).toBe(words);
});

it.each([
  [20_000, 'less than a minute'],
  [725_000, '12 min'],
  [3_600_000, '1 h'],
  [3_900_000, '1 h 5 min'],
])('%i ms were %s', (ms, words) => {
  expect(durationOf(ms)).toBe(words);
});
