import type { Hub } from './hub/hub.js';

/** Takes what the broker republishes of a conversation. */
export type Arrivals = {
  event(hub: Hub, stored: Uint8Array): void;
  receipt(hub: Hub, stored: Uint8Array): void;
};

/** What came in one event-loop tick, in order of arrival. */
export type Arrived = readonly (readonly [hub: Hub, stored: Uint8Array])[];

/** Receivers from which a conversation is crowded: writing one frame to all of them takes longer than gathering. */
const CROWDED = 1_000;

/** Milliseconds for which what a crowded conversation is sent is gathered. */
const GATHER_MS = 2;

/**
 * Collects events that arrive in one event-loop tick and hands them on together: uWebSockets.js then writes to each socket once
 * per tick, which is several times cheaper than once per frame. Where a tick begins with a crowded conversation, a little
 * longer than a tick: 10,000 writes take 60 ms.
 */
export function openEventArrivals(onTick: (arrived: Arrived) => void): Arrivals['event'] {
  let events: (readonly [Hub, Uint8Array])[] = [];

  function flush(): void {
    const arrived = events;
    events = [];
    onTick(arrived);
  }

  return (hub, stored) => {
    if (events.length === 0) {
      if (hub.receivers < CROWDED) setImmediate(flush);
      else setTimeout(flush, GATHER_MS);
    }
    events.push([hub, stored]);
  };
}
