import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEnds } from './ends.js';
import { createServerTime } from './server-time.js';

const HOUR = 3_600_000;
const NOON = 1_700_000_000_000;

/** A device with a wall clock that can be set, and a steady one that stops while it sleeps. */
function device(off = 0) {
  let wallOff = off;
  let asleep = 0;
  const time = createServerTime(() => ({ wall: Date.now() + wallOff, steady: Date.now() - asleep }));
  const leaps = vi.fn();
  const ends = createEnds(time, leaps);
  time.learn(Date.now(), 0);
  return {
    time,
    ends,
    leaps,
    setClock: (by: number) => {
      wallOff += by;
    },
    /** Timers stop too. */
    sleep(ms: number) {
      asleep += ms;
      vi.setSystemTime(Date.now() + ms);
    },
  };
}

describe('what ends at a time of the server', () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOON }));
  afterEach(() => void vi.useRealTimers());

  it.each([0, HOUR, -HOUR])('ends then, though the device’s clock is off by %i ms', (off) => {
    const { ends } = device(off);
    const due = vi.fn();
    ends.watch(due).at(NOON + 5_000);
    vi.advanceTimersByTime(4_999);
    expect(due).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(due).toHaveBeenCalledExactlyOnceWith(NOON + 5_000);
  });

  it('needs one timer, however many wait', () => {
    const { ends } = device();
    const seen: number[] = [];
    for (let n = 1_000; n > 0; n--) ends.watch(() => void seen.push(n)).at(NOON + n);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has ended when the device wakes, by whatever wakes it', () => {
    const { ends, sleep, leaps } = device();
    const due = vi.fn();
    ends.watch(due).at(NOON + HOUR);
    sleep(2 * HOUR);
    ends.wake();
    expect(due).toHaveBeenCalledOnce();
    expect(leaps).toHaveBeenCalledOnce();
  });

  it('has ended soon after the device wakes where nothing says that it does', () => {
    const { ends, sleep } = device();
    const due = vi.fn();
    ends.watch(due).at(NOON + HOUR);
    sleep(2 * HOUR);
    vi.advanceTimersByTime(10_000);
    expect(due).toHaveBeenCalledOnce();
  });

  it('does not end later because the clock is put back', () => {
    const { ends, setClock } = device();
    const due = vi.fn();
    ends.watch(due).at(NOON + 30_000);
    setClock(-HOUR);
    vi.advanceTimersByTime(30_000);
    expect(due).toHaveBeenCalledOnce();
  });

  it('says that a clock was put ahead, and that it was, once the server tells', () => {
    const { ends, time, setClock, leaps } = device();
    const back = vi.fn();
    time.onBack(back);
    const due = vi.fn();
    ends.watch(due).at(NOON + 30_000);
    setClock(HOUR);
    vi.advanceTimersByTime(10_000);
    expect(leaps).toHaveBeenCalled();
    time.learn(NOON + 10_100, 200);
    expect(back).toHaveBeenCalledOnce();
    expect(time.now()).toBe(NOON + 10_200);
    expect(time.hasLeapt()).toBe(false);
  });

  it('is another time once it is told so, and none once it is closed', () => {
    const { ends } = device();
    const due = vi.fn();
    const end = ends.watch(due);
    end.at(NOON + 100);
    end.at(NOON + 500);
    vi.advanceTimersByTime(400);
    expect(due).not.toHaveBeenCalled();
    end.close();
    vi.advanceTimersByTime(400);
    expect(due).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});
