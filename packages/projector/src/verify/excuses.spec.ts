import { describe, expect, it } from 'vitest';
import { ALWAYS } from '../timeline/marks.js';
import { WINDOW_MS } from '../window.js';
import type { RowDifference } from './compare-rows.js';
import { type AskLog, areAmong, excused, mayBeMissing } from './excuses.js';

/** A log that has lost all but the sequences 1, 5 and 9, and in which ann was erased. */
const left = [1, 5, 9];
const log: AskLog = {
  isHollow: async (_, from, before) => !left.some((seq) => from <= seq && seq < before),
  isReached: async (_, seq) => seq <= 9,
  wasErased: async (_, user) => user === 'ann',
};

const keys: Readonly<Record<string, string>> = {
  checkpoint: 'projection',
  dead_letter: 'projection',
  receipt: 'user_id',
};

/** A row of each side that differ in these columns. */
function differing(table: string, one: Record<string, string>, other: Record<string, string>): RowDifference {
  const columns = Object.keys(one);
  const key = [keys[table] ?? 'conversation_id'];
  return {
    table: { name: table, columns, key, of: 'conversation' },
    rows: [Object.values(one), Object.values(other)],
    columns: columns.filter((column) => one[column] !== other[column]),
  };
}

describe('columns in which two right builds differ', () => {
  it.each([
    [
      'a mark, where what was between was taken out of the log',
      'member',
      { marked: '2' },
      { marked: '5' },
      [],
    ],
    ['a mark, where something is between', 'member', { marked: '5' }, { marked: '6' }, ['marked']],
    [
      'a mark of those who are always looked at',
      'conversation',
      { marked: ALWAYS },
      { marked: '5' },
      ['marked'],
    ],
    ['a mark that nobody set', 'receipt', { marked: '0' }, { marked: '1' }, ['marked']],
    ['another place of the newest event', 'conversation', { changed: '2' }, { changed: '5' }, ['changed']],
    ['moves that were forgotten', 'receipt', { moves: '{1,1,7,3,2,9}' }, { moves: '{3,2,9}' }, []],
    ['moves that say something else', 'receipt', { moves: '{1,1,7,3,2,9}' }, { moves: '{3,2,8}' }, ['moves']],
    ['where somebody read up to', 'receipt', { read: '3' }, { read: '2' }, ['read']],
  ])('%s', async (_, table, one, other, expected) => {
    expect(await excused(log, differing(table, one as never, other as never))).toEqual(expected);
  });

  it.each([
    ['timeline', { stream_seq: '6' }, { stream_seq: '8' }, []],
    ['timeline', { stream_seq: '8' }, { stream_seq: '9' }, ['stream_seq']],
    ['timeline', { stream_seq: '9' }, { stream_seq: '12' }, ['stream_seq']],
    ['timeline', { events: '6' }, { events: '7' }, ['events']],
    ['receipts', { events: '6' }, { events: '7' }, []],
    ['receipts', { digest: '6' }, { digest: '7' }, ['digest']],
    [
      'timeline',
      { window_began: '2', window_opened_at: '1' },
      { window_began: '4', window_opened_at: '2' },
      [],
    ],
    [
      'timeline',
      { window_began: '2', window_opened_at: '1' },
      { window_began: '2', window_opened_at: '2' },
      ['window_opened_at'],
    ],
    [
      'timeline',
      { window_began: '2', window_opened_at: '1' },
      { window_began: '4', window_opened_at: String(WINDOW_MS) },
      ['window_opened_at'],
    ],
  ])('a checkpoint of the %s at %o and %o', async (projection, one, other, expected) => {
    const difference = differing(
      'checkpoint',
      { projection, ...one } as never,
      { projection, ...other } as never,
    );
    expect(await excused(log, difference)).toEqual(expected);
  });
});

describe('rows that one of two right builds lacks', () => {
  const alone = (table: string, row: Record<string, string>): RowDifference => ({
    ...differing(table, row, row),
    rows: [Object.values(row), undefined],
  });
  const erased = new Set(['erased']);

  it.each([
    [
      'a message of an erased conversation, which is swept later',
      'message',
      { conversation_id: 'erased' },
      true,
    ],
    ['a member of an erased conversation', 'member', { conversation_id: 'erased' }, false],
    ['a message of another', 'message', { conversation_id: 'den' }, false],
    ['a receipt of who was erased', 'receipt', { conversation_id: 'den', user_id: 'ann' }, true],
    ['a receipt of somebody else', 'receipt', { conversation_id: 'den', user_id: 'ben' }, false],
    ['a letter of receipts', 'dead_letter', { projection: 'receipts' }, true],
    ['a letter of the timeline', 'dead_letter', { projection: 'timeline' }, false],
    ['a gap', 'gap', { stream_seq: '4' }, false],
  ])('%s', async (_, table, row, expected) => {
    expect(await mayBeMissing(log, erased, alone(table, row as never))).toBe(expected);
  });
});

describe('moves', () => {
  it('are among others in their order', () => {
    expect(areAmong('{}', '{1,1,1}')).toBe(true);
    expect(areAmong('{2,2,2}', '{1,1,1,2,2,2,3,3,3}')).toBe(true);
    expect(areAmong('{3,3,3,1,1,1}', '{1,1,1,2,2,2,3,3,3}')).toBe(false);
    expect(areAmong('{1,1,1,1,1,1}', '{1,1,1}')).toBe(false);
  });
});
