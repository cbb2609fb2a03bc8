import { describe, expect, it } from 'vitest';
import { firstWindow, WINDOW_MS, windowBegan, windowsOf } from './window.js';

const at = (...times: readonly number[]) =>
  times.map((storedAt, index) => ({ streamSeq: 11 + index, storedAt }));

describe('windows of a log', () => {
  it('open some minutes apart, by the time of the broker', () => {
    const windows = windowsOf(
      { began: 3, openedAt: 100_000 },
      at(100_001, 99_999 + WINDOW_MS, 100_000 + WINDOW_MS, 200_000 + WINDOW_MS, 100_001 + 2 * WINDOW_MS),
    );
    expect(windows.map(({ began }) => began)).toEqual([3, 13, 15]);
    expect([10, 12, 13, 14, 15, 99].map((seq) => windowBegan(windows, seq))).toEqual([3, 3, 13, 13, 15, 15]);
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
