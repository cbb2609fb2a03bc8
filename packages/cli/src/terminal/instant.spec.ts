import { describe, expect, it } from 'vitest';
import { instant } from './instant.js';

const NOON = Date.UTC(2026, 10, 21, 12);

describe('a time on the command line', () => {
  it('is ISO 8601, in UTC unless it says otherwise', () => {
    expect(instant('2026-11-21')).toBe(NOON - 12 * 3_600_000);
    for (const noon of [
      '2026-11-21T12:00',
      '2026-11-21T12:00Z',
      '2026-11-21T12:00:00.000Z',
      '2026-11-21T14:00+02:00',
      '2026-11-21T06:30:00-05:30',
    ])
      expect(instant(noon)).toBe(NOON);
  });

  it('is how long ago', () => {
    const ago = (text: string) => NOON - instant(text, NOON);
    expect([ago('90s'), ago('30m'), ago('2h'), ago('7d'), ago('1w'), ago('0s')]).toStrictEqual([
      90_000, 1_800_000, 7_200_000, 604_800_000, 604_800_000, 0,
    ]);
  });

  it('is nothing else', () => {
    for (const none of [
      '',
      'now',
      'yesterday',
      '2026',
      '21.11.2026',
      '2026-13-01',
      '2026-11-21 12:00',
      '2y',
      '-2h',
      '1e3s',
      '12:00',
    ])
      expect(() => instant(none), none).toThrow('A time such as');
  });
});
