import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { MomentText, readMoment } from './moment.js';

describe('a moment', () => {
  it.each([
    ['1', { tag: 'seq', seq: 1 }],
    ['2026', { tag: 'seq', seq: 2_026 }],
    ['2026-11-21', { tag: 'time', time: Date.UTC(2026, 10, 21) }],
    ['2026-11-21T09:30', { tag: 'time', time: Date.UTC(2026, 10, 21, 9, 30) }],
    ['2026-11-21 09:30:05', { tag: 'time', time: Date.UTC(2026, 10, 21, 9, 30, 5) }],
    ['2026-11-21T09:30:05.120345Z', { tag: 'time', time: Date.UTC(2026, 10, 21, 9, 30, 5, 120) }],
    ['2026-11-21T09:30:05+01:00', { tag: 'time', time: Date.UTC(2026, 10, 21, 8, 30, 5) }],
    ['2026-11-21T09:30:05 01:00', { tag: 'time', time: Date.UTC(2026, 10, 21, 8, 30, 5) }],
    ['2026-11-21T09:30-0530', { tag: 'time', time: Date.UTC(2026, 10, 21, 15) }],
  ])('is read from %s', (text, moment) => {
    expect(MomentText.is(text)).toBe(true);
    expect(E.isRight(MomentText.decode(text))).toBe(true);
    expect(readMoment(text)).toEqual(E.right(moment));
  });

  it.each([
    '0',
    '-1',
    '1.5',
    '01',
    'noon',
    '',
    '21.11.2026',
    '2026-11',
    '2026-11-21T09',
    '2026-11-21T09:30 CET',
  ])('is not %s', (text) => {
    expect(E.isLeft(MomentText.decode(text))).toBe(true);
    expect(E.isLeft(readMoment(text))).toBe(true);
  });

  it.each([
    '2026-02-30',
    '2026-13-01',
    '2026-11-21T24:30',
    '2026-11-21T09:60',
    '2026-11-21T09:30+24:00',
    '9007199254740993',
  ])('is not %s either, which looks like one', (text) => {
    expect(E.isRight(MomentText.decode(text))).toBe(true);
    expect(E.isLeft(readMoment(text))).toBe(true);
  });
});
