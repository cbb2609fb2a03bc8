import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusalError } from '../refusal-error.js';
import { smallCore } from '../testing/small-core.js';
import { createMarks } from './marks.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('marks', () => {
  it('are gathered over all conversations, the newest of each, and never moved back', async () => {
    const { core, asked } = smallCore(() => ({ watermarks: [] }));
    const marks = createMarks(core);
    for (let seq = 1; seq <= 100; seq++) marks.delivered('c', seq);
    marks.read('d', 7);
    marks.delivered('d', 9);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.map(({ params }) => params.marks)).toEqual([
      [
        { conversationId: 'c', delivered: 100 },
        { conversationId: 'd', delivered: 9, read: 7 },
      ],
    ]);
    marks.delivered('c', 50);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.length).toBe(1);
  });

  it('go at most every 200 ms', async () => {
    const { core, asked } = smallCore(() => ({ watermarks: [] }));
    const marks = createMarks(core);
    for (let seq = 1; seq <= 100; seq++) {
      marks.delivered('c', seq);
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(asked.length).toBeLessThanOrEqual(6);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.at(-1)?.params.marks).toEqual([{ conversationId: 'c', delivered: 100 }]);
  });

  it('wait no longer when the clock is set back', async () => {
    const { core, asked } = smallCore(() => ({ watermarks: [] }));
    const marks = createMarks(core);
    marks.delivered('c', 1);
    await vi.advanceTimersByTimeAsync(0);
    vi.setSystemTime(Date.now() - 3_600_000);
    marks.delivered('c', 2);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked.map(({ params }) => params.marks)).toEqual([
      [{ conversationId: 'c', delivered: 1 }],
      [{ conversationId: 'c', delivered: 2 }],
    ]);
  });

  it('are told again when nobody answers, and after a break', async () => {
    let isAway = true;
    const { core, asked, become } = smallCore(() => {
      if (isAway) throw new RefusalError('Unavailable');
      return { watermarks: [] };
    });
    const marks = createMarks(core);
    marks.read('c', 3);
    await vi.advanceTimersByTimeAsync(500);
    become('waiting');
    await vi.advanceTimersByTimeAsync(10_000);
    isAway = false;
    become('open');
    await vi.advanceTimersByTimeAsync(1_500);
    expect(asked.at(-1)?.params.marks).toEqual([{ conversationId: 'c', delivered: 3, read: 3 }]);
  });

  it('that are refused for good are let go of, those that may pass are told again, and neither keeps the others', async () => {
    let tries = 0;
    const { core, asked } = smallCore(() => {
      const refused = [
        { conversationId: 'left', tag: 'NotAMember', retryable: false },
        { conversationId: 'away', tag: 'Unavailable', retryable: true },
      ];
      return { watermarks: [], refused: ++tries === 1 ? refused : [] };
    });
    const marks = createMarks(core);
    for (const id of ['c', 'left', 'away']) marks.read(id, 1);
    await vi.advanceTimersByTimeAsync(5_000);
    const told = asked.map(({ params }) =>
      (params.marks as { conversationId: string }[]).map(({ conversationId }) => conversationId),
    );
    expect(told).toEqual([['c', 'left', 'away'], ['away']]);
  });
});
