import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { listVersions, type Version, type VersionsDatabase } from '@parley/infra/read-model/versions';
import type { Log } from '@parley/infra/runtime/log';
import { pause } from '../pause.js';
import { planOf } from './plan.js';

export type FollowOptions = {
  readonly database: VersionsDatabase;
  readonly log: Log;
  /** Told in a sentence what people should know, for whoever started this process. */
  readonly tell: (line: string) => void;
  /** Begins to keep a build at the end of the log. */
  readonly follow: (version: number) => Followed;
  /** Told at each look which build is served: undefined where this code does not know its model. */
  readonly serve: (version: number | undefined) => void;
};

/** A build that this process works on. */
export type Followed = { close(): Promise<void> };

/** Ms between two looks at the builds: a switch is followed, and a dropped build let go of, within two of them. */
const LOOK = 1_000;

/** What they lack is in docs/runbooks/rebuild.md. */
const OUTDATED =
  'the rows that are served are of an older release: `parley projections rebuild --promote` makes them anew meanwhile';

/**
 * Follows every build that is to be followed and of a model that this code knows, as they come and go, until it is closed. While Postgres is
 * away everything stays as it is.
 */
export function followVersions({ database, log, tell, follow, serve }: FollowOptions): Followed {
  const followed = new Map<number, Followed>();
  const leaving = new Set<Promise<void>>();
  const named = new Set<number>();
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
    for (const { version, model } of plan.strangers.filter(isNews))
      log.warn({ version, model }, 'a build is of a model that this release does not know: it is left alone');
    if (plan.outdated !== undefined && isNews(plan.outdated)) {
      const { version, model } = plan.outdated;
      log.warn({ version, model, newest: NEWEST_MODEL }, OUTDATED);
      tell(OUTDATED);
    }
    for (const version of plan.begin) {
      log.info({ version }, 'following a build of the read model');
      followed.set(version, follow(version));
    }
    // First what is served, then what is let go of: a build is dropped after another was promoted.
    serve(plan.served);
    for (const version of plan.end) letGo(version);
  }

  /** Once for each build. */
  function isNews({ version }: Version): boolean {
    if (named.has(version)) return false;
    named.add(version);
    return true;
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
