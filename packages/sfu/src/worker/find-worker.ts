import { join } from 'node:path';
import { cachedEntry } from '@parley/infra/embedded/fetch-cache';
import type { Report } from '@parley/infra/embedded/server-source';
import { version } from 'mediasoup';
import { checkWorker } from './check-worker.js';

/** A mediasoup worker that starts here and speaks this version's protocol. */
export type MediasoupWorker = {
  readonly workerBin: string;
  readonly version: string;
  /** For people: where it came from. */
  readonly origin: string;
};

/** Directory of the cache for the worker of this version and this machine. */
const ENTRY = `mediasoup-worker-${version}-${process.platform}-${process.arch}`;

/**
 * Finds the worker that media needs: PARLEY_MEDIASOUP_WORKER, else the one that was made before.
 *
 * @throws WorkerNotFound, whose message says what to do
 */
export async function findMediasoupWorker(
  _report: Report = () => undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<MediasoupWorker> {
  const named = env.PARLEY_MEDIASOUP_WORKER;
  if (named) {
    const fault = await checkWorker(named);
    if (fault === undefined) return { workerBin: named, version, origin: 'named by PARLEY_MEDIASOUP_WORKER' };
    throw new WorkerNotFound(
      `PARLEY_MEDIASOUP_WORKER is ${named}, which does not run as a worker of mediasoup ${version}: ${fault}`,
    );
  }
  const kept = await cachedEntry(ENTRY);
  if (kept !== undefined) {
    const workerBin = programIn(kept);
    if ((await checkWorker(workerBin)) === undefined)
      return { workerBin, version, origin: `kept in ${kept}` };
  }
  throw new WorkerNotFound(
    `there is no mediasoup worker ${version} here: name one by PARLEY_MEDIASOUP_WORKER`,
  );
}

export class WorkerNotFound extends Error {}

const programIn = (directory: string): string => join(directory, 'mediasoup-worker');
