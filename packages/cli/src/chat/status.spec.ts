import { describe, expect, it } from 'vitest';
import { type Status, statusText } from './status.js';

const plain = (text: string): string => text;
const paint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, of: () => plain };
const bob = (status: 'online' | 'away' | 'offline' | 'unknown', lastSeenAt?: number): Status => ({
  typing: [],
  presence: { user: 'bob', status, ...(lastSeenAt === undefined ? {} : { lastSeenAt }) },
});

describe('the status beside the prompt', () => {
  it.each<[Status, string]>([
    [{ typing: [] }, ''],
    [bob('unknown'), ''],
    [bob('online'), 'bob is online'],
    [bob('away'), 'bob is away'],
    [bob('offline'), 'bob is offline'],
    [bob('offline', Date.UTC(2007, 5, 4)), 'bob was here on 2007-06-04'],
    [{ ...bob('online'), typing: ['bob'] }, 'bob is typing…'],
    [{ typing: ['ann', 'bob'] }, 'ann and bob are typing…'],
    [{ typing: ['ann', 'bob', 'cat'] }, '3 are typing…'],
    [{ typing: [], progress: 'sent' }, '✓'],
    [{ ...bob('online'), progress: 'delivered' }, 'bob is online ✓✓'],
    [{ typing: [], progress: 'read' }, '✓✓ read'],
  ])('of %j is "%s"', (status, text) => {
    expect(statusText(status, paint)).toBe(text);
  });

  it('says the time of today alone', () => {
    const noon = new Date().setUTCHours(0, 1, 0, 0);
    expect(statusText(bob('offline', noon), paint)).toBe('bob was here at 00:01');
  });
});
