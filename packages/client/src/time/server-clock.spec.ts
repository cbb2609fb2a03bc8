import { describe, expect, it } from 'vitest';
import { atLeast, clockOf, hasLeapt, type Reading, restored, serverTime } from './server-clock.js';

const HOUR = 3_600_000;
const NOON = 1_700_000_000_000;
const reading = (wall: number, steady: number): Reading => ({ wall, steady });

/** What happens to a device in ten minutes, by its two clocks; and what the server's clock then says. */
const table = [
  { what: 'nothing', wall: 600_000, steady: 600_000, server: 600_000, leaps: false },
  { what: 'it sleeps', wall: 600_000, steady: 1_000, server: 600_000, leaps: true },
  {
    what: 'its clock is put back an hour',
    wall: 600_000 - HOUR,
    steady: 600_000,
    server: 600_000,
    leaps: false,
  },
  {
    what: 'its clock is put ahead an hour',
    wall: 600_000 + HOUR,
    steady: 600_000,
    server: 600_000 + HOUR,
    leaps: true,
  },
  { what: 'its clock is put back while it sleeps', wall: -HOUR, steady: 1_000, server: 1_000, leaps: false },
  { what: 'its clock drifts by a second', wall: 601_000, steady: 600_000, server: 601_000, leaps: false },
] as const;

describe.each([
  ['right', 0],
  ['an hour ahead', HOUR],
  ['an hour behind', -HOUR],
])('the time of the server, on a device whose clock is %s', (_, off) => {
  it.each(table)('is told when $what', ({ wall, steady, server, leaps }) => {
    const clock = clockOf(NOON, 0, reading(NOON + off, 5));
    const later = reading(NOON + off + wall, 5 + steady);
    expect(serverTime(clock, later)).toBe(NOON + server);
    expect(hasLeapt(clock, later)).toBe(leaps);
  });

  it('goes on from where it was when the page is opened again', () => {
    const before = clockOf(NOON, 0, reading(NOON + off, 900_000));
    const again = restored(JSON.parse(JSON.stringify(before)), reading(NOON + off + HOUR, 1));
    expect(serverTime(again, reading(NOON + off + HOUR + 10, 11))).toBe(NOON + HOUR + 10);
    expect(hasLeapt(again, reading(NOON + off + HOUR + 10, 11))).toBe(false);
  });
});

describe('the time of the server', () => {
  it('is half the way later than when it was told', () => {
    expect(serverTime(clockOf(NOON, 80, reading(0, 0)), reading(0, 0))).toBe(NOON + 40);
  });

  it('is whole milliseconds, as the wire has them', () => {
    expect(serverTime(clockOf(NOON, 7, reading(0, 0.2)), reading(0, 10.9))).toBe(NOON + 14);
  });

  it('is the device’s own until it is told', () => {
    expect(serverTime(undefined, reading(NOON, 7))).toBe(NOON);
    expect(hasLeapt(undefined, reading(NOON, 7))).toBe(false);
  });

  it('is never before something that the server did', () => {
    const clock = clockOf(NOON, 0, reading(0, 0));
    expect(serverTime(atLeast(clock, NOON + 500, reading(10, 10)), reading(20, 20))).toBe(NOON + 510);
    expect(atLeast(clock, NOON + 5, reading(10, 10))).toBe(clock);
  });

  it('does not go back when a page is opened again with a clock that was put back', () => {
    const again = restored({ server: NOON, wall: NOON }, reading(NOON - HOUR, 0));
    expect(serverTime(again, reading(NOON - HOUR, 0))).toBe(NOON);
  });

  it.each([undefined, null, 'x', { server: 'x', wall: 1 }, {}])('is not read from %j', (saved) => {
    expect(restored(saved, reading(0, 0))).toBeUndefined();
  });
});
