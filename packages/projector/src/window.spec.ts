import { describe, expect, it } from 'vitest';
import { firstWindow, WINDOW_MS, windowBegan, windowsOf } from './window.js';

const at = (...times: readonly number[]) =>
  times.map((storedAt, index) => ({ streamSeq: 11 + index, storedAt }));

describe('windows of a log', () => {
  it('change with the clock of the broker, every few minutes', () => {
    const windows = windowsOf(
      { began: 3, openedAt: 100_000 },
      at(100_001, WINDOW_MS - 1, WINDOW_MS, 200_000 + WINDOW_MS, 2 * WINDOW_MS),
    );
    expect(windows.map(({ began }) => began)).toEqual([3, 13, 15]);
    expect([10, 12, 13, 14, 15, 99].map((seq) => windowBegan(windows, seq))).toEqual([3, 3, 13, 13, 15, 15]);
  });

  it('are found again by what they marked in a log that lacks messages, also those that began a window', () => {
    const log = at(1, WINDOW_MS + 7, WINDOW_MS + 9, 2 * WINDOW_MS + 1, 2 * WINDOW_MS + 8, 2 * WINDOW_MS + 9);
    const whole = windowsOf(firstWindow, log);
    for (let bits = 0; bits < 2 ** log.length; bits++) {
      const left = log.filter((_, index) => (bits >> index) & 1);
      const windows = windowsOf(firstWindow, left);
      for (const [place, { streamSeq }] of left.entries())
        for (const later of left.slice(place))
          expect(windowBegan(windows, later.streamSeq)).toBeGreaterThanOrEqual(windowBegan(whole, streamSeq));
    }
  });

  it('are the same however the log is cut', () => {
    const log = at(1_000_000, 1_030_000, 1_000_000 + WINDOW_MS, 900_000, 3_000_000, 3_000_001);
    const whole = windowsOf(firstWindow, log);
    const first = windowsOf(firstWindow, log.slice(0, 3));
    const second = windowsOf(first.at(-1) ?? firstWindow, log.slice(3));
    expect(second.at(-1)).toEqual(whole.at(-1));
    for (const { streamSeq } of log.slice(3)) {
      expect(windowBegan(second, streamSeq)).toBe(windowBegan(whole, streamSeq));
    }
  });

  it('do not stand still after a clock that was far ahead', () => {
    const windows = windowsOf(firstWindow, at(9_000_000_000, 1_000_000, 1_000_001));
    expect(windows.at(-1)).toEqual({ began: 12, openedAt: 1_000_000 });
  });
});
