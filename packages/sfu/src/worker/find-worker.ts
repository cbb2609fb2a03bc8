import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, cachedEntry, makeEntry } from '@parley/infra/embedded/fetch-cache';
import type { Report } from '@parley/infra/embedded/server-source';
import { version } from 'mediasoup';
import { buildWorker } from './build-worker.js';
import { checkWorker } from './check-worker.js';
import { survivesPackets } from './deadly-packets.js';
import { downloadWorker } from './download-worker.js';
import { workerIn } from './worker-source.js';

/** A mediasoup worker that starts here and speaks this version's protocol. */
export type MediasoupWorker = {
  readonly workerBin: string;
  readonly version: string;
  /** For people: where it came from. */
  readonly origin: string;
};

export type FindWorkerOptions = {
  readonly env?: NodeJS.ProcessEnv;
  /** False looks at what is there, and makes nothing. */
  readonly mayMake?: boolean;
  /** Breaks off what is being made: the next call goes on with it. */
  readonly signal?: AbortSignal;
  /** Puts a worker into an empty directory. */
  readonly make?: MakeWorker;
};

export type MakeWorker = (directory: string, report: Report, signal?: AbortSignal) => Promise<void>;

/** Where a worker may come from, and what it must survive. */
export type WorkerSources = {
  readonly download: typeof downloadWorker;
  readonly survives: typeof survivesPackets;
  readonly build: MakeWorker;
};

/** Raised when what is built here changes: what was made before is made anew. */
const RECIPE = 3;

/** Directory of the cache for the worker of this version and this kind of machine. */
const ENTRY = `mediasoup-worker-${version}.${RECIPE}-${process.platform}-${process.arch}`;

/**
 * Finds the worker that media needs: PARLEY_MEDIASOUP_WORKER, the one that was made before, the vendor's, or one built here,
 * which takes minutes. Of processes that look at the same time, one makes it and the others wait.
 *
 * @throws WorkerNotFound, whose message says what to do
 */
export async function findMediasoupWorker(
  report: Report = () => undefined,
  { env = process.env, mayMake = true, signal, make = makeWorkerOf() }: FindWorkerOptions = {},
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
  const fault = kept === undefined ? 'there is none' : await checkWorker(workerIn(kept));
  if (kept !== undefined && fault === undefined) return inEntry(kept);
  if (!mayMake) throw new WorkerNotFound(`no mediasoup worker ${version} is in the cache yet: ${fault}`);
  try {
    const made = await makeEntry(ENTRY, {
      fill: (directory) => make(directory, report, signal),
      isGood: runs,
    });
    return await inEntry(made);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new WorkerNotFound(`no mediasoup worker ${version} could be made: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

export class WorkerNotFound extends Error {}

/**
 * The vendor's, where it can be reached, runs here, and goes on whatever a participant sends; else one of its source, and where that cannot be built the
 * vendor's all the same.
 */
export function makeWorkerOf(sources: Partial<WorkerSources> = {}): MakeWorker {
  const { build = buildHere } = sources;
  return async (directory, report, signal) => {
    const vendors = await fetchVendors(sources, directory, report, signal);
    if (vendors === 'good') return await writeFile(join(directory, ORIGIN), VENDORS);
    try {
      await build(directory, report, signal);
    } catch (error) {
      if (vendors === 'none' || signal?.aborted) throw error;
      report(`none can be built here: ${(error as Error).message}`);
      await writeFile(join(directory, ORIGIN), `${VENDORS}, which anybody in a call can end by a packet`);
    }
  };
}

async function fetchVendors(
  { download = downloadWorker, survives = survivesPackets }: Partial<WorkerSources>,
  directory: string,
  report: Report,
  signal?: AbortSignal,
): Promise<'good' | 'mortal' | 'none'> {
  try {
    report("fetching the vendor's build");
    await download(directory, signal);
    if (!(await runs(directory))) throw new Error('it does not run here');
    if (await survives(workerIn(directory))) return 'good';
    report("anybody in a call can end the vendor's build by a packet");
    return 'mortal';
  } catch (error) {
    if (signal?.aborted) throw error;
    report(`the vendor's build cannot be had here`);
    return 'none';
  }
}

async function buildHere(directory: string, report: Report, signal?: AbortSignal): Promise<void> {
  const workshop = join(cacheDirectory(), `${ENTRY}.build`);
  await buildWorker({ directory, workshop, report, signal });
  const fault = await checkWorker(workerIn(directory));
  if (fault !== undefined) throw new Error(`what was built in ${workshop} does not run: ${fault}`);
  await writeFile(join(directory, ORIGIN), 'built here');
  await rm(workshop, { recursive: true, force: true });
}

const runs = async (directory: string): Promise<boolean> =>
  (await checkWorker(workerIn(directory))) === undefined;

const ORIGIN = 'origin';
const VENDORS = "the vendor's build";

async function inEntry(directory: string): Promise<MediasoupWorker> {
  const from = await readFile(join(directory, ORIGIN), 'utf8').catch(() => 'made before');
  return { workerBin: workerIn(directory), version, origin: `${from}, kept in ${directory}` };
}
