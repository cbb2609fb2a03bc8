import type { TimelineItem } from '@parley/client/timeline/timeline';
import { describe, expect, it } from 'vitest';
import { type Note, notesWithin, rowsOf } from './rows.js';

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

  it('have calls and notes where they were, and begin groups anew after them', () => {
    const call = {
      seq: 3,
      media: 'voice',
      by: 'ann',
      at: NOON,
      state: 'ended',
      joined: true,
      people: 2,
      users: [],
    } as const;
    const note = {
      seq: 2,
      at: NOON,
      type: 'message.pinned',
      actor: 'ann',
      data: { seq: 1 },
    } as unknown as Note;
    const rows = rowsOf(
      [item(1, 'ann', 0), item(4, 'ann', 0)],
      undefined,
      [note],
      [call, { ...call, seq: 9 }],
    );
    expect(rows.map(({ key }) => key)).toEqual(['day-k1', 'k1', 'note-2', 'call-3', 'k4', 'call-9']);
    expect(rows.filter((row) => row.kind === 'message' && row.begins)).toHaveLength(2);
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

describe('notes', () => {
  const note = (seq: number, minutes: number): Note => ({
    conversationId: 'c',
    seq,
    type: 'conversation.ttlSet',
    at: NOON + minutes * MINUTE,
    actor: 'ann',
    commandId: 'x',
    data: { ttl: 60 },
  });
  const shown = (items: readonly TimelineItem[], notes: readonly Note[]) =>
    rowsOf(items, undefined, notes).map((row) =>
      row.kind === 'message' ? `${row.begins ? '|' : ''}${row.item.seq}${row.ends ? '|' : ''}` : row.key,
    );

  it('are where they happened, and divide a group', () => {
    const items = [item(1, 'ann', 0), item(3, 'ann', 1), item(4, 'ann', 2)];
    expect(shown(items, [note(2, 0.5), note(5, 3)])).toEqual([
      'day-k1',
      '|1|',
      'note-2',
      '|3',
      '4|',
      'note-5',
    ]);
  });

  it('come before what is still on its way, and have a day where nothing was said', () => {
    const { seq: _, ...pending } = item(9, 'me', 5);
    const items = [{ ...pending, seq: undefined }];
    expect(shown(items, [note(2, 0)])).toEqual(['day-note-2', 'note-2', '|undefined|']);
  });

  it('of what is outside the window are left out', () => {
    const items = [item(10, 'ann', 0), item(20, 'ann', 1)];
    const notes = [note(5, 0), note(15, 0), note(25, 0)];
    const seqs = (hasOlder: boolean, hasNewer: boolean) =>
      notesWithin(notes, { items, hasOlder, hasNewer }).map(({ seq }) => seq);
    expect(seqs(true, true)).toEqual([15]);
    expect(seqs(false, false)).toEqual([5, 15, 25]);
    expect(seqs(true, false)).toEqual([15, 25]);
  });
});
