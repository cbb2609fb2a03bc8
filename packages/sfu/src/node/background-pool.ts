import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@parley/infra/runtime/log';
import type { SfuConfig } from '../config.js';
import type { RoomWorkers } from '../room/rooms.js';
import { findMediasoupWorker } from '../worker/find-worker.js';
import { openWorkerPool, type WorkerPool } from '../worker/pool.js';
import type { Listen, PoolWorker } from '../worker/start-worker.js';

/** A pool of workers that is there some time after the node: the program may have to be made first, which takes minutes. */
export type BackgroundPool = RoomWorkers & {
  /** 0 until there is a worker. */
  cpu(): number;
  close(): Promise<void>;
};

export type BackgroundPoolOptions = {
  readonly config: SfuConfig;
  readonly log: Log;
  /** Told in sentences how it goes with the worker, for whoever started this process. */
  readonly tell: (line: string) => void;
  readonly onReady: () => void;
  /** All have died and none starts. */
  readonly onGone: () => void;
  readonly onDied: (worker: PoolWorker) => void;
};

/** Milliseconds until the worker is looked for again where there was none, or none that starts: what lacked may have come. Doubled each time. */
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 300_000;

/** Where no worker is to be had, or none starts any more, its program is looked for again. */
export function openBackgroundPool(options: BackgroundPoolOptions): BackgroundPool {
  const { config, log, tell, onReady, onGone, onDied } = options;
  const closing = new AbortController();
  let pool: WorkerPool | undefined;

  const { signal } = closing;

  async function open(): Promise<void> {
    let told = '';
    let failures = 0;
    while (!signal.aborted) {
      try {
        const { workerBin, version, origin } = await findMediasoupWorker(
          (line) => tell(`media worker: ${line}`),
          { signal },
        );
        if (signal.aborted) return;
        const over = Promise.withResolvers<void>();
        const opened = await openWorkerPool({
          workerBin,
          count: config.PARLEY_VOICE_WORKERS ?? availableParallelism(),
          listen: listenOf(config),
          log,
          onDied,
          onGivenUp: over.resolve,
        });
        if (signal.aborted) return await opened.close();
        pool = opened;
        [told, failures] = ['', 0];
        log.info({ workerBin, version, origin, workers: opened.workers.length }, 'media workers run');
        tell(`calls can be carried: mediasoup ${version} (${origin})`);
        onReady();
        signal.addEventListener('abort', () => over.resolve(), { once: true });
        await over.promise;
        if (signal.aborted) return;
        pool = undefined;
        onGone();
        await opened.close();
        throw new Error(`media workers have died, and ${workerBin} does not start again`);
      } catch (error) {
        if (signal.aborted) return;
        const { message } = error as Error;
        log.error({ err: error }, 'no calls are carried here: there is no media worker');
        if (message !== told) tell(`no calls are carried: ${message}`);
        told = message;
        const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures++);
        await sleep(wait, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  const opening = open();
  return {
    pick: () => pool?.pick(),
    cpu: () => pool?.cpu() ?? 0,
    async close() {
      closing.abort();
      // What is being made is broken off, which a download may take a while to notice: then the process just ends.
      await Promise.race([opening, sleep(2_000)]);
      await pool?.close();
    },
  };
}

/** Where a node receives media, of clients and of other nodes. */
export const listenOf = (config: SfuConfig): Listen => ({
  ip: config.PARLEY_VOICE_LISTEN,
  ...(config.PARLEY_VOICE_ADDRESS === undefined ? {} : { announced: config.PARLEY_VOICE_ADDRESS }),
  portMin: config.PARLEY_VOICE_PORT_MIN,
  portMax: config.PARLEY_VOICE_PORT_MAX,
});
