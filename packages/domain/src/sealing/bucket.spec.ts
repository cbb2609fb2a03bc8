import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketEnd, bucketOf, bucketWindow } from './bucket.js';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

describe('the bucket of a body', () => {
  const at = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });
  const life = fc.integer({ min: 1, max: 400 * DAY });

  it('ends no earlier than the body, and is at most 1/60 of its life wide, at least a second, at most a day', () => {
    fc.assert(
      fc.property(at, life, (sealedAt, lasts) => {
        const expiresAt = sealedAt + lasts;
        const window = bucketWindow(bucketOf(sealedAt, expiresAt));
        if (window === undefined) throw new Error('no window');
        const { after, until } = window;
        expect(after).toBeLessThan(expiresAt);
        expect(until).toBeGreaterThanOrEqual(expiresAt);
        expect(until - after).toBeLessThanOrEqual(Math.min(DAY, Math.max(SECOND, lasts / 60)));
        expect(until % (until - after)).toBe(0);
      }),
    );
  });

  it('is that of its month without an end, which is never past', () => {
    const bucket = bucketOf(Date.UTC(2026, 10, 21), undefined);
    expect(bucket).toBe('m2026-11');
    expect(bucketEnd(bucket)).toBeUndefined();
  });

  it.each(['', 't', 't60', 't60-', 't-60', 'x60-120', 't60-120.a', 'held'])('is not %j', (text) => {
    expect(bucketWindow(text)).toBeUndefined();
  });
});
