import {
  atLeast,
  clockOf,
  hasLeapt,
  type Reading,
  restored,
  type ServerClock,
  serverTime,
} from './server-clock.js';

/** The server's time, by which messages end: told when a session opens, and gone on from there by this device's clocks. */
export type ServerTime = {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** The server said so in an answer that was so many ms on its way, there and back. */
  learn(server: number, roundTripMs: number): void;
  /** The server did something at this time: it is no earlier now. */
  heard(at: number): void;
  /** The device slept, or its clock was put ahead: what it says now may be too late, and the server can tell. */
  hasLeapt(): boolean;
  /** What a later life of the page goes on from. */
  saved(): unknown;
  restore(saved: unknown): void;
  /** Calls back when the time was believed to be later than it is: what has ended by that may be there still. */
  onBack(listener: () => void): () => void;
};

/** Milliseconds by which it goes back unnoticed: answers are not on their way equally long. */
const TOLERANCE_MS = 1_000;

const clocks = (): Reading => ({ wall: Date.now(), steady: performance.now() });

export function createServerTime(read: () => Reading = clocks): ServerTime {
  let clock: ServerClock | undefined;
  const listeners = new Set<() => void>();
  const now = (): number => serverTime(clock, read());
  return {
    now,
    learn(server, roundTripMs) {
      const before = now();
      clock = clockOf(server, roundTripMs, read());
      if (before - now() > TOLERANCE_MS) for (const listener of [...listeners]) listener();
    },
    heard(at) {
      clock = atLeast(clock, at, read());
    },
    hasLeapt: () => hasLeapt(clock, read()),
    saved: () => clock && { server: now(), wall: read().wall },
    restore(saved) {
      clock ??= restored(saved, read());
    },
    onBack(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
