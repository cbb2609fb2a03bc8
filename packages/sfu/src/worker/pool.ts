import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@parley/infra/runtime/log';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import { type Listen, type PoolWorker, startWorker } from './start-worker.js';

export type WorkerPoolOptions = {
  /** Path of the mediasoup worker. */
  readonly workerBin: string;
  /** Workers kept running: one per core is what mediasoup is made for. */
  readonly count: number;
  readonly listen: Listen;
  readonly log: Log;
  /** Told once of each worker that ended by itself, after it was taken out of the pool and before it is replaced. */
  readonly onDied: (worker: PoolWorker) => void;
  /** Told when none lives and none starts, again and again: the pool goes on trying, until it is closed. */
  readonly onGivenUp?: () => void;
};

export type WorkerPool = {
  /** Those that live. */
  readonly workers: readonly PoolWorker[];
  /** The least loaded of those that live; undefined while there is none. */
  pick(): PoolWorker | undefined;
  /** Share of one core that the busiest worker used in the last second, from 0 to 1. */
  cpu(): number;
  /** Ends all; resolves when their processes are gone. */
  close(): Promise<void>;
};

/** Milliseconds between two looks at what the workers use. */
const LOOK_EVERY = 1_000;

/** What a pick is taken to cost until the next look shows it, as a share of a core: else all of one second go to one worker. */
const COST_OF_A_PICK = 0.05;

/** Looks in a row that a worker may leave unanswered before it is killed: it hangs, and nothing else would end it. */
const UNANSWERED = 10;

/** Milliseconds before a dead worker is replaced: doubled at each death until a worker has run for STEADY. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;
const STEADY = 30_000;

/** Workers in a row that did not start, before it is said that none does. */
const GIVEN_UP = 3;

/**
 * Runs mediasoup workers, each with a WebRTC server on a UDP and a TCP port of its own, and replaces those that die.
 *
 * @throws when one does not start the first time
 */
export async function openWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const { workerBin, count, listen, log, onDied, onGivenUp = () => undefined } = options;
  const places: Place[] = Array.from({ length: count }, () => ({ failures: 0 }));
  const closing = new AbortController();
  const replacing = new Set<Promise<void>>();
  let refused = 0;

  async function start(place: Place): Promise<void> {
    const worker = await startWorker(workerBin, listen, log);
    if (closing.signal.aborted) return worker.close();
    if (worker.worker.died) throw new Error('it ended as soon as it had started');
    const load: Load = { worker, since: steadyNow(), cpu: 0, picks: 0, unanswered: 0 };
    place.load = load;
    worker.worker.once('died', (error) => {
      delete place.load;
      if (closing.signal.aborted) return;
      if (steadyNow() - load.since >= STEADY) place.failures = 0;
      log.error({ pid: worker.worker.pid, reason: error.message }, 'a media worker died');
      onDied(worker);
      const replaced = replace(place).finally(() => replacing.delete(replaced));
      replacing.add(replaced);
    });
  }

  async function replace(place: Place): Promise<void> {
    while (!closing.signal.aborted) {
      const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** place.failures++);
      await sleep(wait, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      try {
        await start(place);
        refused = 0;
        return log.info('a media worker was replaced');
      } catch (error) {
        log.error({ err: error }, 'a media worker does not start');
        if (++refused >= GIVEN_UP && loads().length === 0) onGivenUp();
      }
    }
  }

  const loads = (): readonly Load[] => places.flatMap(({ load }) => load ?? []);

  const close = async (): Promise<void> => {
    closing.abort();
    clearInterval(looking);
    await Promise.all(replacing);
    await Promise.all(loads().map(({ worker }) => worker.close()));
  };

  const looking = setInterval(() => loads().forEach((load) => void look(load, log)), LOOK_EVERY);
  looking.unref();
  const started = await Promise.allSettled(places.map(start));
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw new Error(`the mediasoup worker ${workerBin} does not start`, { cause: failed.reason });
  }

  return {
    get workers() {
      return loads().map(({ worker }) => worker);
    },
    pick() {
      const least = loads().reduce<Load | undefined>(
        (best, load) => (best === undefined || weight(load) < weight(best) ? load : best),
        undefined,
      );
      if (least !== undefined) least.picks++;
      return least?.worker;
    },
    cpu: () => Math.max(0, ...loads().map(({ cpu }) => cpu)),
    close,
  };
}

/** Where one worker runs, and after it the one that replaces it. */
type Place = { load?: Load; failures: number };

type Load = {
  readonly worker: PoolWorker;
  readonly since: number;
  /** Share of a core in the last second. */
  cpu: number;
  /** Times it was picked since that was measured. */
  picks: number;
  unanswered: number;
  /** What it had used when it was looked at last, and when that was, both in ms. */
  seen?: { readonly used: number; readonly at: number };
};

const weight = ({ cpu, picks }: Load): number => cpu + picks * COST_OF_A_PICK;

async function look(load: Load, log: Log): Promise<void> {
  const { worker } = load.worker;
  if (load.unanswered++ > 0) {
    if (load.unanswered <= UNANSWERED) return;
    log.error({ pid: worker.pid }, 'a media worker hangs and is killed');
    load.unanswered = 0;
    return void process.kill(worker.pid, 'SIGKILL');
  }
  try {
    const { ru_utime, ru_stime } = await worker.getResourceUsage();
    const [used, at] = [ru_utime + ru_stime, performance.now()];
    if (load.seen !== undefined) load.cpu = Math.min(1, (used - load.seen.used) / (at - load.seen.at));
    load.seen = { used, at };
    load.picks = 0;
    load.unanswered = 0;
  } catch {
    // It died meanwhile, which is told elsewhere.
  }
}
