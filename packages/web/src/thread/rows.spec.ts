import type { TimelineItem } from '@parley/client/timeline/timeline';
import { describe, expect, it } from 'vitest';
import { rowsOf } from './rows.js';

const NOON = new Date(2026, 4, 4, 12).getTime();
const MINUTE = 60_000;

const item = (
  seq: number,
  author: string,
  minutes: number,
  more: Partial<TimelineItem> = {},
): TimelineItem => ({
  key: `k${seq}`,
  seq,
  ordinal: seq,
  author,
  at: NOON + minutes * MINUTE,
  body: { kind: 'text', text: `message ${seq}` },
  isMine: author === 'me',
  progress: 'sent',
  ...more,
});

/** Rows as one writes them down: `|` begins a group, and ends one. */
const drawn = (items: readonly TimelineItem[], newAfter?: number) =>
  rowsOf(items, newAfter).map((row) =>
    row.kind === 'message' ? `${row.begins ? '|' : ''}${row.item.seq}${row.ends ? '|' : ''}` : row.kind,
  );

describe('rows of a timeline', () => {
  it('are a line for each day, and groups of what one person said at a time', () => {
    const items = [
      item(1, 'ann', 0),
      item(2, 'ann', 1),
      item(3, 'me', 2),
      item(4, 'me', 30),
      item(5, 'me', 1_440),
    ];
    expect(drawn(items)).toEqual(['day', '|1', '2|', '|3|', '|4|', 'day', '|5|']);
  });

  it('have one line above the first message of somebody else that is new', () => {
    const items = [item(1, 'ann', 0), item(2, 'me', 1), item(3, 'ann', 1), item(4, 'ann', 2)];
    expect(drawn(items, 1)).toEqual(['day', '|1|', '|2|', 'new', '|3', '4|']);
    expect(drawn(items, 4)).not.toContain('new');
    expect(drawn(items, undefined)).not.toContain('new');
  });

  it('tell imported messages by the time they had', () => {
    const sentAt = NOON - 365 * 1_440 * MINUTE;
    expect(drawn([item(1, 'ann', 0, { sentAt }), item(2, 'ann', 0)])).toEqual(['day', '|1|', 'day', '|2|']);
  });

  it('leave actions alone', () => {
    const wave = { body: { kind: 'text', text: 'waves', emote: true } } as const;
    expect(drawn([item(1, 'ann', 0), item(2, 'ann', 0, wave), item(3, 'ann', 0)])).toEqual([
      'day',
      '|1|',
      '|2|',
      '|3|',
    ]);
  });

  it('keep what is not sent yet at the end', () => {
    const pending = item(0, 'me', 1, { seq: undefined, key: 'draft', progress: 'pending' });
    expect(drawn([item(1, 'me', 0), pending], 0)).toEqual(['day', '|1', 'undefined|']);
  });
});
