/** What is remembered of a service that keeps ending: ends in a row, none of which was after a steady run. */
export type RestartState = { readonly failures: number };

export const neverFailed: RestartState = { failures: 0 };

export type Ending = {
  /** How long it ran, in ms. */
  readonly ranMs: number;
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
};

export type RestartDecision =
  | { readonly tag: 'restart'; readonly afterMs: number; readonly state: RestartState }
  | { readonly tag: 'giveUp'; readonly reason: string };

/** A run as long as this, in ms, wipes out the failures before it. */
export const STEADY_MS = 30_000;

/** Failures in a row after which a service is given up. */
export const MAX_FAILURES = 20;

/** Exit code of a service whose configuration is not usable: it would not be so the next time either. */
const BAD_CONFIG = 78;

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/** Whether a service that ended, without being asked to, is started again, and when: later each time. */
export function decideRestart(state: RestartState, { ranMs, code }: Ending): RestartDecision {
  if (code === BAD_CONFIG) return { tag: 'giveUp', reason: 'its configuration is not usable' };
  const failures = ranMs >= STEADY_MS ? 1 : state.failures + 1;
  if (failures >= MAX_FAILURES) return { tag: 'giveUp', reason: `it ended ${failures} times in a row` };
  const afterMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  return { tag: 'restart', afterMs, state: { failures } };
}
