import { findMediasoupWorker } from '../worker/find-worker.js';

/** One for the whole run, whichever projects take part in it. */
const shared = globalThis as { parleyTestWorker?: Making };

type Making = { readonly stop: AbortController; readonly made: Promise<unknown>; users: number };

/**
 * Begins to make the media worker, if there is none, beside the tests that do not need it; those that do wait for it, by
 * `testWorker`. What is not done when the run ends is gone on with by the next.
 */
export default function setup(): () => Promise<void> {
  shared.parleyTestWorker ??= begin();
  const making = shared.parleyTestWorker;
  making.users++;
  return async () => {
    making.users--;
    if (making.users > 0) return;
    delete shared.parleyTestWorker;
    making.stop.abort();
    await making.made;
  };
}

function begin(): Making {
  const stop = new AbortController();
  const report = (line: string): void => {
    process.stderr.write(`  media worker: ${line}\n`);
  };
  // Who needs it hears of what went wrong, and why.
  const made = findMediasoupWorker(report, { signal: stop.signal }).catch(() => undefined);
  return { stop, made, users: 0 };
}
