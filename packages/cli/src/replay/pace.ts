import { setTimeout as sleep } from 'node:timers/promises';
import { cut, type Run } from './run.js';

/** A pause is no longer than this, in ms: nobody wants to sit through a night. */
const LONGEST_PAUSE_MS = 10_000;

/**
 * Keeps the distances between events, `speed` times as fast: each is told when it is due. Who reads too slowly gets what is due at
 * once. Ends when the signal is aborted.
 */
export async function* paced(
  runs: AsyncIterable<Run>,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<Run> {
  let due = performance.now();
  let latest: number | undefined;
  for await (const run of runs) {
    let told = 0;
    for (const [index, { event }] of run.events.entries()) {
      due += pauseBetween(latest ?? event.at, event.at, speed);
      latest = Math.max(latest ?? 0, event.at);
      if (due <= performance.now()) continue;
      if (index > told) yield cut(run, told, index);
      told = index;
      if (!(await pause(due - performance.now(), signal))) return;
    }
    yield cut(run, told, run.events.length);
  }
}

/** In ms, between events of these times. */
export const pauseBetween = (before: number, at: number, speed: number): number =>
  Math.min(Math.max(0, at - before) / speed, LONGEST_PAUSE_MS);

/** False when the signal was aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<boolean> =>
  sleep(Math.max(0, ms), true, { signal }).catch(() => false);
