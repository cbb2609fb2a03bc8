import { type Budget, take } from '@parley/infra/limits/budget';
import type { Log } from '@parley/infra/runtime/log';
import { steadyNow } from '@parley/infra/runtime/steady-now';

/** What mediasoup and its workers complain of. */
export type Complaints = {
  warn(text: string): void;
  error(text: string, error: unknown): void;
};

/** Lines in 10 s: a worker has one for every packet that it cannot make sense of, and anybody may send those. */
const MOST = { points: 100, windowMs: 10_000, lease: Number.POSITIVE_INFINITY };

/** Complaints go to the log, so many of them; of the rest their number does. @param now in ms, evenly */
export function openComplaints(log: Pick<Log, 'warn' | 'error'>, now: () => number = steadyNow): Complaints {
  let budget: Budget | undefined;
  let leftOut = 0;

  function bounded(say: () => void): void {
    const taken = take(budget, MOST, 1, now());
    budget = taken.budget;
    if (taken.retryAfterMs !== undefined) {
      leftOut++;
      return;
    }
    if (leftOut > 0) log.warn(`${leftOut} more complaints of media workers were left out`);
    leftOut = 0;
    say();
  }

  return {
    warn: (text) => bounded(() => log.warn(text)),
    error: (text, error) => bounded(() => log.error({ err: error }, text)),
  };
}
