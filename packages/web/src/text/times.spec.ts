import { describe, expect, it } from 'vitest';
import { briefLifeOf, lifeOf, livesWithin, untilOf } from './times.js';

describe('a life', () => {
  it.each([
    [5, '5 seconds', '5 s'],
    [60, '1 minute', '1 min'],
    [90, '90 seconds', '90 s'],
    [600, '10 minutes', '10 min'],
    [3_600, '1 hour', '1 h'],
    [86_400, '24 hours', '24 h'],
    [31_536_000, '365 days', '365 d'],
  ])('of %i seconds is said as %s, or %s', (ttl, words, brief) => {
    expect([lifeOf(ttl), briefLifeOf(ttl)]).toEqual([words, brief]);
  });

  it('of one message is shorter than that of the others', () => {
    expect(livesWithin(600)).toEqual([10, 60]);
    expect(livesWithin(5)).toEqual([]);
    expect(livesWithin(null).at(-1)).toBe(604_800);
  });
});

describe('the time until an end', () => {
  it.each([
    [-5, '0 s'],
    [0.2, '1 s'],
    [59, '59 s'],
    [61, '2 min'],
    [3_600, '1 hour'],
    [172_800, '2 days'],
  ])('of %d seconds is %s', (seconds, words) => {
    expect(untilOf(1_000_000 + seconds * 1_000, 1_000_000)).toBe(words);
  });
});
