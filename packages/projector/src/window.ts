import type { LoggedMessage } from '@parley/infra/log/delivery';

/** A stretch of a partition's stream: `began` is the first stream sequence read of it, stored at `openedAt` ms since 1970 UTC. */
export type Window = { readonly began: number; readonly openedAt: number };

export const firstWindow: Window = { began: 0, openedAt: 0 };

/**
 * Milliseconds of a window. They lie on the clock, not where a message opened one: so a log that lacks a message has the same
 * windows, and what was marked by an earlier build is found by a later. A mark costs some 10 µs for each member and window;
 * what was active in a window costs whoever synchronises some 4 µs for each conversation of theirs.
 */
export const WINDOW_MS = 5 * 60_000;

/**
 * The windows that messages fall into, oldest first: the one they found, and those they opened. Of the log alone, so that rows
 * are the same however it is cut into batches. A clock that jumps, also back, opens one window more and does no other harm.
 */
export function windowsOf(
  found: Window,
  messages: readonly Pick<LoggedMessage, 'streamSeq' | 'storedAt'>[],
): readonly Window[] {
  const windows = [found];
  let current = found;
  for (const { streamSeq, storedAt } of messages) {
    if (slotOf(storedAt) === slotOf(current.openedAt)) continue;
    current = { began: streamSeq, openedAt: storedAt };
    windows.push(current);
  }
  return windows;
}

const slotOf = (storedAt: number): number => Math.floor(storedAt / WINDOW_MS);

/** Where the window began that holds a stream sequence. */
export const windowBegan = (windows: readonly Window[], streamSeq: number): number =>
  (windows.findLast(({ began }) => began <= streamSeq) ?? firstWindow).began;
