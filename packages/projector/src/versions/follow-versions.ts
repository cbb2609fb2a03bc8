import { listVersions, type VersionsDatabase } from '@parley/infra/read-model/versions';
import type { Log } from '@parley/infra/runtime/log';
import { pause } from '../pause.js';
import { planOf } from './plan.js';

export type FollowOptions = {
  readonly database: VersionsDatabase;
  readonly log: Log;
  /** Begins to keep a build at the end of the log. */
  readonly follow: (version: number) => Followed;
  /** Told at each look which build is served: undefined where this code does not know its model. */
  readonly serve: (version: number | undefined) => void;
};

/** A build that this process works on. */
export type Followed = { close(): Promise<void> };

/** Ms between two looks at the builds: a switch is followed, and a dropped build let go of, within two of them. */
const LOOK = 1_000;

/**
 * Follows every build that is to be followed and of a model that this code knows, as they come and go, until it is closed. While Postgres is
 * away everything stays as it is.
 */
export function followVersions({ database, log, follow, serve }: FollowOptions): Followed {
  const followed = new Map<number, Followed>();
  const leaving = new Set<Promise<void>>();
  const strangers = new Set<number>();
  const closing = new AbortController();
  let complained = false;
  const watching = watch();

  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await look();
        complained = false;
      } catch (error) {
        if (!complained)
          log.warn({ reason: (error as Error).message }, 'which builds there are cannot be read now');
        complained = true;
      }
      await pause(LOOK, closing.signal);
    }
  }

  async function look(): Promise<void> {
    const listed = await listVersions(database);
    if (closing.signal.aborted) return;
    const plan = planOf([...followed.keys()], listed);
    for (const { version, model } of plan.strangers) {
      if (strangers.has(version)) continue;
      strangers.add(version);
      log.warn({ version, model }, 'a build is of a model that this release does not know: it is left alone');
    }
    for (const version of plan.begin) {
      log.info({ version }, 'following a build of the read model');
      followed.set(version, follow(version));
    }
    // First what is served, then what is let go of: a build is dropped after another was promoted.
    serve(plan.served);
    for (const version of plan.end) letGo(version);
  }

  function letGo(version: number): void {
    log.info({ version }, 'letting go of a build of the read model');
    const left = (followed.get(version) as Followed).close().finally(() => leaving.delete(left));
    leaving.add(left);
    followed.delete(version);
  }

  return {
    async close() {
      closing.abort();
      await watching;
      for (const version of [...followed.keys()]) letGo(version);
      await Promise.all(leaving);
    },
  };
}
