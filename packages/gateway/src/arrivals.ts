import type { Hub } from './hub/hub.js';

/** What came from the broker in one event-loop tick. */
export type Arrived = {
  readonly events: readonly (readonly [hub: Hub, stored: Uint8Array])[];
  readonly receipts: readonly (readonly [hub: Hub, stored: Uint8Array])[];
};

export type Arrivals = {
  event(hub: Hub, stored: Uint8Array): void;
  receipt(hub: Hub, stored: Uint8Array): void;
};

/**
 * Collects what arrives in one event-loop tick and hands it on together, in order of arrival: uWebSockets.js then writes to
 * each socket once per tick, which is several times cheaper than once per frame.
 */
export function openArrivals(onTick: (arrived: Arrived) => void): Arrivals {
  let events: (readonly [Hub, Uint8Array])[] = [];
  let receipts: (readonly [Hub, Uint8Array])[] = [];

  function flush(): void {
    const arrived = { events, receipts };
    events = [];
    receipts = [];
    onTick(arrived);
  }

  function schedule(): void {
    if (events.length + receipts.length === 0) setImmediate(flush);
  }

  return {
    event(hub, stored) {
      schedule();
      events.push([hub, stored]);
    },
    receipt(hub, stored) {
      schedule();
      receipts.push([hub, stored]);
    },
  };
}
