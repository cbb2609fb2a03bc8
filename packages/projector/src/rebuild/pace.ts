import { pause } from '../pause.js';

/** Holds a rebuild back, so that what is live keeps its time. */
export type Pace = {
  /** Events in a transaction at most: what is slow must also be even. */
  readonly batch: number;
  /** Waits until so many events more may have been written. */
  spent(events: number, signal: AbortSignal): Promise<void>;
};

/**
 * Events in a transaction of a rebuild that nothing holds back: a conversation is updated once in each, so four times as many as were tried
 * first made it a third faster. Some 50 MB of a share are in memory with it, twice as many while the next is prepared.
 */
const WHOLE = 32_000;

/** As fast as it goes. */
export const unpaced: Pace = { batch: WHOLE, spent: async () => undefined };

/** So many events a second, of all shares together, in small transactions a tenth of a second apart. */
export function evenPace(eventsPerSecond: number): Pace {
  let free = 0;
  return {
    batch: Math.max(1, Math.min(WHOLE, Math.ceil(eventsPerSecond / 10))),
    async spent(events, signal) {
      const now = performance.now();
      free = Math.max(free, now) + (events / eventsPerSecond) * 1_000;
      if (free - now > 1) await pause(free - now, signal);
    },
  };
}
