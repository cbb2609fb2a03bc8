import type { JetStreamClient } from '@nats-io/jetstream';
import { openSession } from '../ownership/session.js';
import { loadShare } from './load-share.js';
import type { Pace } from './pace.js';
import type { Report, Stretch } from './report.js';
import { projections } from './shares.js';

export type LoadWork = {
  readonly js: JetStreamClient;
  readonly databaseUrl: string;
  readonly schema: string;
  readonly pace: Pace;
  /** Whether indexes are postponed. */
  readonly isLoad: boolean;
  /** Shares at once, each on a connection of its own. */
  readonly atOnce: number;
  readonly onReport: (report: Report) => void;
};

/**
 * Brings shares to where their streams end, several at once, the longest first. Stops all of them when one fails, or when
 * the signal is aborted; each ends with a commit.
 *
 * @returns messages folded
 */
export async function loadShares(
  work: LoadWork,
  stretches: readonly Stretch[],
  signal: AbortSignal,
): Promise<number> {
  const { onReport } = work;
  onReport({ tag: 'round', stretches });
  const left = stretches
    .filter(({ after, upTo }) => upTo > after)
    .toSorted((a, b) => b.upTo - b.after - (a.upTo - a.after));
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  let events = 0;

  async function worker(): Promise<void> {
    const session = await openSession(work.databaseUrl, 'rebuild');
    try {
      for (let next = left.shift(); next !== undefined && !until.aborted; next = left.shift()) {
        const { share } = next;
        const target = { client: session.client, schema: work.schema, share, isLoad: work.isLoad };
        const options = {
          js: work.js,
          pace: work.pace,
          onCommit: (streamSeq: number, messages: number) =>
            onReport({ tag: 'committed', share, streamSeq, events: messages }),
          onRestart: (reason: string) => onReport({ tag: 'waiting', reason: `the log: ${reason}` }),
        };
        const folded = await loadShare(options, projections[share.projection], target, until);
        events += folded;
      }
    } catch (error) {
      failed.abort();
      throw error;
    } finally {
      await session.end();
    }
  }

  const workers = Array.from({ length: Math.min(work.atOnce, left.length) }, worker);
  const settled = await Promise.allSettled(workers);
  const first = settled.find((each) => each.status === 'rejected');
  if (first !== undefined) throw first.reason;
  signal.throwIfAborted();
  return events;
}
