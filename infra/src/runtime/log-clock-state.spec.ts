import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AGREES,
  type ClockState,
  isDoubtful,
  measure,
  type Reading,
  SLEW,
  timeAt,
  unknown,
} from './log-clock-state.js';

const NOON = Date.UTC(2026, 10, 21, 12);
const HOUR = 3_600_000;

/** All three clocks `at` ms after the first reading, each off by what is said. */
const reading = (at: number, off: { broker?: number; wall?: number; own?: number } = {}): Reading => ({
  broker: NOON + at + (off.broker ?? 0),
  error: 1,
  wall: NOON + at + (off.wall ?? 0),
  monotonic: 5_000 + at + (off.own ?? 0),
});

const after = (...readings: readonly Reading[]): ClockState => readings.reduce(measure, unknown);

/** What it says the time is, in ms after the first reading. */
const said = (state: ClockState, at: number): number => (timeAt(state, 5_000 + at) ?? Number.NaN) - NOON;

describe('before the first measurement', () => {
  it('there is no time', () => {
    expect(timeAt(unknown, 5_000)).toBeUndefined();
    expect(isDoubtful(unknown, reading(0))).toBe(false);
  });

  it.each([HOUR, -HOUR])('there is none either while broker and wall clock differ by %i ms', (wall) => {
    const state = after(reading(0, { wall }));
    expect(timeAt(state, 5_000)).toBeUndefined();
    expect(state.apart).toEqual({ clock: 'wall', ahead: wall });
  });

  it('there is one as soon as they agree, and it is the broker’s', () => {
    expect(said(after(reading(0, { wall: HOUR }), reading(200, { wall: 30_000 })), 200)).toBe(200);
  });
});

describe('the log’s time', () => {
  const table: readonly [
    string,
    { broker?: number; wall?: number; own?: number },
    number,
    string | undefined,
  ][] = [
    ['goes on with all three', {}, 2_000, undefined],
    ['does not leap ahead with the wall clock', { wall: HOUR }, 2_000, 'wall'],
    ['does not leap back with the wall clock', { wall: -HOUR }, 2_000, 'wall'],
    ['does not leap ahead with the broker', { broker: HOUR }, 2_000, 'broker'],
    ['does not leap back with the broker', { broker: -HOUR }, 2_000, 'broker'],
    ['leaps ahead with both', { broker: HOUR, wall: HOUR }, 2_000 + HOUR, 'own'],
    ['leaps back with both', { broker: -HOUR, wall: -HOUR }, 2_000 - HOUR, 'own'],
    ['goes on by the monotonic clock where no two agree', { broker: HOUR, wall: -HOUR }, 2_000, 'broker'],
    ['goes on as before where both leap, but not alike', { broker: HOUR, wall: HOUR / 2 }, 2_000, 'broker'],
    ['makes good what a sleeping machine’s clock has missed', { own: -1_900 }, 2_000, 'own'],
  ];
  it.each(table)('%s', (_, off, time, apart) => {
    const state = after(reading(0), reading(2_000, off));
    expect(said(state, 2_000 + (off.own ?? 0))).toBe(time);
    expect(state.apart?.clock).toBe(apart);
  });

  it('keeps to a leap that two agreed on, and believes all three again', () => {
    const off = { broker: HOUR, wall: HOUR };
    const state = after(reading(0), reading(2_000, off), reading(4_000, off));
    expect(said(state, 4_000)).toBe(4_000 + HOUR);
    expect(state.apart).toBeUndefined();
  });

  it('follows a leap of the wall clock when the broker makes the same one later', () => {
    const both = { broker: HOUR, wall: HOUR };
    const state = after(reading(0), reading(2_000, { wall: HOUR }), reading(4_000, both));
    expect(said(state, 4_000)).toBe(4_000 + HOUR);
  });

  it('takes a wall clock that was off from the start for what it is', () => {
    const state = after(reading(0, { wall: 30_000 }), reading(2_000, { wall: 30_000, broker: 30_000 }));
    expect(said(state, 2_000)).toBe(2_000);
    expect(state.apart?.clock).toBe('broker');
  });

  it('goes back to the broker when that is right again', () => {
    const state = after(reading(0), reading(2_000, { broker: HOUR }), reading(4_000, { broker: 1 }));
    expect(said(state, 4_000)).toBeCloseTo(4_000, -1);
    expect(state.apart).toBeUndefined();
  });

  it('follows a broker that goes a little faster', () => {
    const steps = Array.from({ length: 1_000 }, (_, n) => reading(n * 2_000, { broker: n * 0.1 }));
    expect(said(after(...steps), 1_998_000)).toBeCloseTo(1_998_000 + 99.9, -1);
  });

  it('becomes exact with the first quick answer', () => {
    const slow = { ...reading(0, { broker: 300 }), error: 400 };
    expect(said(after(slow, reading(2_000)), 2_000)).toBeCloseTo(2_000, -1);
  });

  it('is doubted at once where the wall clock leaps, until it has been measured', () => {
    const known = after(reading(0));
    expect(isDoubtful(known, reading(1_000))).toBe(false);
    expect(isDoubtful(known, reading(1_000, { wall: HOUR }))).toBe(true);
    expect(isDoubtful(known, reading(1_000, { own: -900 }))).toBe(true);
    const measured = measure(known, reading(2_000, { wall: HOUR }));
    expect(isDoubtful(measured, reading(3_000, { wall: HOUR }))).toBe(false);
  });
});

describe('one clock that shows anything at all', () => {
  const leap = fc.oneof(
    fc.integer({ min: -2 * HOUR, max: 2 * HOUR }),
    fc.integer({ min: -AGREES * 2, max: AGREES * 2 }),
  );
  const steps = fc.array(
    fc.record({
      after: fc.integer({ min: 1, max: 10_000 }),
      off: leap,
      error: fc.integer({ min: 0, max: 40 }),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it.each(['broker', 'wall'] as const)('never moves time, if it is the %s', (liar) => {
    fc.assert(
      fc.property(steps, (all) => {
        let [at, state] = [0, after(reading(0))];
        for (const step of all) {
          at += step.after;
          state = measure(state, { ...reading(at, { [liar]: step.off }), error: step.error });
          expect(Math.abs(said(state, at) - at)).toBeLessThanOrEqual(1 + SLEW * at + 0.001);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('moves it by little, and for a while, if it is the monotonic one', () => {
    const stops = fc.array(
      fc.record({
        after: fc.integer({ min: 1, max: 10_000 }),
        stops: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000 })),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(stops, (all) => {
        let [at, own, state] = [0, 0, after(reading(0))];
        for (const step of all) {
          at += step.after;
          own -= Math.min(step.stops, step.after);
          state = measure(state, reading(at, { own }));
          expect(Math.abs(said(state, at + own) - at)).toBeLessThanOrEqual(2 * AGREES);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
