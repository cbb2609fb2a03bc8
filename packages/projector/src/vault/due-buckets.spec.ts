import { bucketEnd, bucketOf } from '@parley/domain/sealing/bucket';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueBuckets, GRACE } from './due-buckets.js';

describe('the buckets that are due', () => {
  it('are those that ended a grace ago, the first to end first', () => {
    const buckets = ['t60-180', 't1-120', 't60-120', 't1-119', 't1-121'];
    expect(dueBuckets(buckets, 120_000 + GRACE)).toEqual(['t1-119', 't1-120', 't60-120']);
    expect(dueBuckets(buckets, 120_000 + GRACE - 1)).toEqual(['t1-119']);
  });

  it('are never those of a month', () => {
    expect(dueBuckets(['m2020-01', 't1-1'], Date.UTC(2026, 0))).toEqual(['t1-1']);
  });

  it('hold nothing that has not expired', () => {
    const time = fc.integer({ min: 1_700_000_000_000, max: 1_700_100_000_000 });
    const sealed = fc.record({ at: time, life: fc.integer({ min: 1, max: 86_400_000 }) });
    fc.assert(
      fc.property(fc.array(sealed), time, (bodies, now) => {
        const due = dueBuckets(
          bodies.map(({ at, life }) => bucketOf(at, at + life)),
          now,
        );
        for (const { at, life } of bodies) {
          if (at + life > now - GRACE) expect(due).not.toContain(bucketOf(at, at + life));
        }
        const ends = due.map((bucket) => bucketEnd(bucket) as number);
        expect(ends).toEqual(ends.toSorted((a, b) => a - b));
      }),
    );
  });
});
