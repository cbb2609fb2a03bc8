import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isLater } from './call-news.js';

const claim = fc.record({ at: fc.integer({ min: 1, max: 3 }), gateway: fc.constantFrom('a', 'b', 'c') });

it('lets exactly one of two connections keep a participant, whoever hears of whom first', () => {
  fc.assert(
    fc.property(claim, claim, (one, other) => {
      fc.pre(one.gateway !== other.gateway);
      expect(isLater(one, other)).toBe(!isLater(other, one));
    }),
  );
});

it('lets the later one keep it', () => {
  expect(isLater({ at: 2, gateway: 'a' }, { at: 1, gateway: 'b' })).toBe(true);
});
