import { findMediasoupWorker } from '../worker/find-worker.js';

/**
 * The media worker of the tests. Awaited as the file that imports it is loaded, where no test's time runs: on a machine where
 * nothing was built yet that takes minutes.
 */
export const testWorker = await findMediasoupWorker((line) =>
  process.stderr.write(`  media worker: ${line}\n`),
);
