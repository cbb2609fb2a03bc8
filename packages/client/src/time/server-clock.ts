/** Two clocks of this device, in ms: the one people set, and one that nobody sets but that may stop while the device sleeps. */
export type Reading = { readonly wall: number; readonly steady: number };

/** What the server's time was when this device's clocks read that. */
export type ServerClock = Reading & { readonly server: number };

/** Milliseconds by which the two clocks may drift apart until one of them must have leapt. */
const LEAP_MS = 3_000;

/**
 * The server's time, in whole ms since 1970 UTC. Of the two clocks the one that has gone further counts: a device that slept knows it by
 * its wall clock, and one whose wall clock was put back by the steady one. Without a clock the device's own is all there is.
 */
export function serverTime(clock: ServerClock | undefined, { wall, steady }: Reading): number {
  if (clock === undefined) return wall;
  return Math.floor(clock.server + Math.max(0, wall - clock.wall, steady - clock.steady));
}

/** The server said `server` in an answer that was `roundTripMs` on its way, there and back: half of that is taken to be the way back. */
export const clockOf = (server: number, roundTripMs: number, reading: Reading): ServerClock => ({
  ...reading,
  server: server + roundTripMs / 2,
});

/** After something that the server did at `at`: its time is that by now, at least. */
export const atLeast = (
  clock: ServerClock | undefined,
  at: number,
  reading: Reading,
): ServerClock | undefined =>
  clock !== undefined && at > serverTime(clock, reading) ? { ...reading, server: at } : clock;

/** Whether the wall clock has leapt ahead: the device slept, or somebody set it. Only the server can tell which. */
export const hasLeapt = (clock: ServerClock | undefined, { wall, steady }: Reading): boolean =>
  clock !== undefined && wall - clock.wall - (steady - clock.steady) > LEAP_MS;

/** A clock of a former life of the page: its steady clock has begun anew since. Undefined for what is none. */
export function restored(saved: unknown, reading: Reading): ServerClock | undefined {
  const { server, wall } = (saved ?? {}) as Partial<ServerClock>;
  if (typeof server !== 'number' || typeof wall !== 'number') return undefined;
  return { ...reading, server: server + Math.max(0, reading.wall - wall) };
}
