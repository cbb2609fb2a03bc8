import type { NatsConnection } from '@nats-io/transport-node';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { announceAdded } from '../announce.js';
import { beside, untilAborted, type Work } from '../beside.js';
import { fillMemberships } from '../cache/fill-memberships.js';
import { keepCache } from '../cache/keep-cache.js';
import type { Share } from '../checkpoint.js';
import type { Erasing } from '../erasure/open-erasing.js';
import type { Expiry } from '../expiry/open-expiry.js';
import type { Taken } from '../expiry/scheduler.js';
import type { Commit } from '../project-batch.js';
import type { Upkeep } from '../upkeep.js';
import type { Besides } from './follow-version.js';
import { type Effects, openServing, type Serving } from './serving.js';

export type ServeOptions = {
  readonly nats: NatsConnection;
  readonly redis: Redis;
  /** For the cache. */
  readonly database: Pick<Pool, 'query'>;
  readonly expiry: Expiry;
  readonly erasing: Erasing;
  readonly upkeep: Upkeep;
  readonly onCacheFailure: () => void;
};

/** What this process does for the build that is served, outside its rows. */
export type ServedEffects = Effects & {
  committed(commits: readonly Commit[], pending: number): void;
  /** Ends what is due in a partition, to be called while its timeline is this process's. */
  take(partition: number): Taken;
  /** What one projector at a time does for all partitions. */
  readonly chores: readonly Work[];
  readonly isReady: boolean;
};

/** Messages behind a commit from which people are not told that they entered: command-api has told them long ago. */
const OLD_NEWS = 2_000;

/** Nothing is served until the first move. */
export const openServedEffects = (options: ServeOptions): Serving<ServedEffects> =>
  openServing((version) => beginEffects(options, schemaOf(version)));

function beginEffects(options: ServeOptions, schema: string): ServedEffects {
  const { nats, redis, database, expiry, erasing, upkeep, onCacheFailure } = options;
  const cached = { redis, database, schema, onFailure: onCacheFailure };
  const cache = keepCache(cached);
  const scheduler = expiry.begin(schema);
  const work = erasing.begin(schema);
  return {
    committed(commits, pending) {
      cache.committed(commits, pending);
      if (pending <= OLD_NEWS) announceAdded(nats, commits);
    },
    take: scheduler.take,
    chores: [upkeep.destroyDue(schema), (signal) => fillMemberships(cached, signal)],
    get isReady() {
      return scheduler.isReady;
    },
    async close() {
      await Promise.all([scheduler.close(), work.close(), cache.close()]);
    },
  };
}

/**
 * What goes on beside a share of a build. What has effects outside the rows goes on while the build is served, also where two processes see
 * the pointer move at different times: each step is decided on the log, or finds in the vault and in the streams that it is done. What is
 * forgotten or erased goes from the rows of every build.
 */
export function besideShare(
  serving: Serving<ServedEffects>,
  { erasing, upkeep }: Pick<ServeOptions, 'erasing' | 'upkeep'>,
  version: number,
  share: Share,
): Besides {
  const due = endingDue(serving, version, share.partition);
  const isTimeline = share.projection === 'timeline';
  return {
    chores: [
      ...(isTimeline ? [due.chore] : []),
      ...(bringsUpkeep(share)
        ? [
            serving.whileServed(version, ({ chores }, signal) => beside(signal, untilAborted, chores)),
            upkeep.sweepMoves(schemaOf(version)),
            erasing.sweep(version),
          ]
        : []),
    ],
    committed: (commits, pending) => serving.effectsOf(version)?.committed(commits, pending),
    placed: due.placed,
  };
}

/** One projector at a time does what is done for all partitions of a build: whoever owns the timeline of the first. */
const bringsUpkeep = ({ projection, partition }: Share): boolean =>
  projection === 'timeline' && partition === 0;

/** Ends what is due in a partition, and knows how far its rows are also while another build is served. */
function endingDue(
  serving: Serving<ServedEffects>,
  version: number,
  partition: number,
): { readonly chore: Work; readonly placed: (pending: number) => void } {
  let behind = Number.POSITIVE_INFINITY;
  let taken: Taken | undefined;
  return {
    placed(pending) {
      behind = pending;
      taken?.behind(pending);
    },
    chore: serving.whileServed(version, async ({ take }, signal) => {
      taken = take(partition);
      taken.behind(behind);
      await untilAborted(signal);
      taken.release();
      taken = undefined;
    }),
  };
}
