import { describe, expect, it } from 'vitest';
import { gapsIn, gapsWithout } from './gaps.js';

describe('gaps', () => {
  it('are what is missing before and between messages', () => {
    expect(gapsIn(3, [{ streamSeq: 5 }, { streamSeq: 6 }, { streamSeq: 10 }])).toEqual([
      { first: 4, last: 4 },
      { first: 7, last: 9 },
    ]);
  });

  it('lose what is claimed, at their ends and in their middle', () => {
    const gaps = [
      { first: 1, last: 5_000_000 },
      { first: 5_000_002, last: 5_000_002 },
    ];
    expect(gapsWithout(gaps, new Set([3, 1, 5_000_002, 5_000_001]))).toEqual([
      { first: 2, last: 2 },
      { first: 4, last: 5_000_000 },
    ]);
  });
});
