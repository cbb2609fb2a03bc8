import { describe, expect, it } from 'vitest';
import { created, envelopes, happened, type Past } from '../testing/given.js';
import { foldHistory } from './fold-history.js';
import { emptyHistory, type History } from './history.js';
import { pageThen } from './page-then.js';
import { readersThen } from './readers-then.js';

const garden = created('group', { ann: 'owner', ben: 'member' });
const sent = (by: string, ordinal: number, more = {}) =>
  happened(by, 'message.sent', { ordinal, body: 'p0.{"kind":"text","text":"x"}', ...more });
const after = (...past: readonly Past[]): History => {
  const history = emptyHistory('garden');
  for (const event of envelopes([garden, ...past])) foldHistory(history, event);
  return history;
};
const END = 9_000_000_000_000;

/** Messages 2 to 7: the second deleted, the third expired, the fourth with an end. */
const busy = after(
  sent('ann', 1),
  sent('ann', 2),
  sent('ann', 3),
  sent('ann', 4, { expiresAt: END }),
  sent('ben', 5),
  sent('ann', 6),
  happened('ann', 'message.deleted', { seq: 3 }),
  happened('@system', 'message.expired', { ranges: [[4, 4]] }),
);

describe('a page of the past', () => {
  const seqs = (question: Partial<Parameters<typeof pageThen>[1]>) => {
    const { messages, hasMore } = pageThen(busy, { limit: 50, now: 0, ...question });
    return [messages.map(({ seq }) => seq), hasMore];
  };

  it('has what was shown then, the oldest first', () => {
    expect(seqs({})).toEqual([[2, 3, 5, 6, 7], false]);
    expect(seqs({ now: END })).toEqual([[2, 3, 6, 7], false]);
  });

  it('goes on before and after a seq', () => {
    expect(seqs({ limit: 2 })).toEqual([[6, 7], true]);
    expect(seqs({ limit: 2, before: 6 })).toEqual([[3, 5], true]);
    expect(seqs({ limit: 2, before: 3 })).toEqual([[2], false]);
    expect(seqs({ limit: 2, after: 2 })).toEqual([[3, 5], true]);
    expect(seqs({ limit: 9, after: 5 })).toEqual([[6, 7], false]);
    expect(seqs({ after: 7 })).toEqual([[], false]);
  });
});

describe('what was unread', () => {
  it('is what came after the watermark and is still there', () => {
    const { unread, newestOf } = readersThen(busy, 0);
    expect([newestOf('ben'), newestOf('cem')]).toEqual([6, 0]);
    // Ben sent message 6, and so has read what came before it.
    expect([unread('ben', 0), unread('ben', 6), unread('ben', 7)]).toEqual([1, 1, 0]);
    expect([unread('cem', 0), unread('cem', 2), unread('cem', 5), unread('cem', 99)]).toEqual([4, 3, 2, 0]);
    expect(readersThen(busy, END).unread('cem', 0)).toBe(3);
  });

  it('is nothing where nothing was said', () => {
    expect(readersThen(after(), 0).unread('ben', 0)).toBe(0);
  });
});
