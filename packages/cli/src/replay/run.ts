import type { Logged } from './logged.js';

/** Events in the order in which they are told, and how far the log has been read when they are: per partition. */
export type Run = {
  readonly events: readonly Logged[];
  readonly passed: ReadonlyMap<number, number>;
};

/** A run that ends before one of its events: what is passed then are the events in it. */
export function cut(run: Run, from: number, to: number): Run {
  const events = run.events.slice(from, to);
  if (to === run.events.length) return { events, passed: run.passed };
  return { events, passed: new Map(events.map(({ partition, streamSeq }) => [partition, streamSeq])) };
}
