/** Bounds of the wait between two tries, in ms. */
export type BackoffBounds = { readonly baseMs: number; readonly capMs: number };

/** For connections and for commands alike: from 100 ms, at most 10 s. */
export const defaultBackoff: BackoffBounds = { baseMs: 100, capMs: 10_000 };

/**
 * Milliseconds to wait before try `attempt` + 1, after `attempt` failures (from 1): a random part of an exponentially
 * growing window ("full jitter"), so that thousands who lost the same gateway do not come back in step. `random` is
 * from 0 to 1.
 */
export function backoffMs(attempt: number, random: number, bounds: BackoffBounds = defaultBackoff): number {
  const window = Math.min(bounds.capMs, bounds.baseMs * 2 ** Math.min(Math.max(attempt - 1, 0), 30));
  return Math.round(window * random);
}
