import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@parley/infra/runtime/log';
import type { SfuConfig } from '../config.js';
import type { RoomWorkers } from '../room/rooms.js';
import { findMediasoupWorker } from '../worker/find-worker.js';
import { openWorkerPool, type WorkerPool } from '../worker/pool.js';
import type { PoolWorker } from '../worker/start-worker.js';

/** A pool of workers that is there some time after the node: the program may have to be made first, which takes minutes. */
export type BackgroundPool = RoomWorkers & {
  /** 0 until there is a worker. */
  cpu(): number;
  close(): Promise<void>;
};

export type BackgroundPoolOptions = {
  readonly config: SfuConfig;
  readonly log: Log;
  readonly onReady: () => void;
  readonly onDied: (worker: PoolWorker) => void;
};

/** Milliseconds until it is tried again where there was no worker. */
const AGAIN_MS = 10_000;

export function openBackgroundPool({ config, log, onReady, onDied }: BackgroundPoolOptions): BackgroundPool {
  const closing = new AbortController();
  let pool: WorkerPool | undefined;

  async function open(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const { workerBin, origin } = await findMediasoupWorker((line) => log.info(line));
        if (closing.signal.aborted) return;
        const opened = await openWorkerPool({
          workerBin,
          count: config.PARLEY_VOICE_WORKERS ?? cpus().length,
          listen: {
            ip: config.PARLEY_VOICE_LISTEN,
            ...(config.PARLEY_VOICE_ADDRESS === undefined ? {} : { announced: config.PARLEY_VOICE_ADDRESS }),
            portMin: config.PARLEY_VOICE_PORT_MIN,
            portMax: config.PARLEY_VOICE_PORT_MAX,
          },
          log,
          onDied,
        });
        if (closing.signal.aborted) return await opened.close();
        pool = opened;
        log.info({ origin, workers: opened.workers.length }, 'media workers run');
        return onReady();
      } catch (error) {
        log.error({ err: error }, 'no calls are carried here: there is no media worker');
        await sleep(AGAIN_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }

  const opening = open();
  return {
    pick: () => pool?.pick(),
    cpu: () => pool?.cpu() ?? 0,
    async close() {
      closing.abort();
      // A worker that is being made is left to itself: the process ends.
      await Promise.race([opening, sleep(1_000)]);
      await pool?.close();
    },
  };
}
