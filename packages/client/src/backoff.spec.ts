import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

describe('the wait between tries', () => {
  it('is a random part of a window that doubles up to its cap', () => {
    const bounds = { baseMs: 100, capMs: 1_000 };
    expect([1, 2, 3, 4, 5, 900].map((attempt) => backoffMs(attempt, 1, bounds))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    expect(backoffMs(3, 0.25, bounds)).toBe(100);
    expect(backoffMs(3, 0, bounds)).toBe(0);
  });
});
