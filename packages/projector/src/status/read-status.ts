import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { type Lag, lagBehind } from '@parley/infra/log/projected-stream';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { listVersions, type Version } from '@parley/infra/read-model/versions';
import type { Pool } from 'pg';
import type { Share } from '../checkpoint.js';
import { type Owned, ownerOf, readOwners } from './owners.js';
import { type Places, placeOf, readPlaces } from './places.js';

/** How one projection of one partition of a version is. */
export type ShareStatus = Share & {
  /** The process that works on it, as Postgres knows it; undefined for nobody. */
  readonly owner: string | undefined;
  /** The newest message of its stream that is in the rows, and the newest there is. */
  readonly checkpoint: number;
  readonly head: number;
  readonly lagEvents: number;
  readonly lagSeconds: number;
  /** Messages a second between two looks; undefined without two. */
  readonly rate: number | undefined;
  readonly events: number;
  /** Of the timeline: what all its events amount to. */
  readonly digest: string | undefined;
  /** Conversations that stand still behind an event that could not be taken. */
  readonly parked: number;
  /** Events that could not be taken. */
  readonly letters: number;
  /** Sequences of the log that are missing and that no erasure accounts for. */
  readonly gaps: number;
};

/** How a version of the read model is. */
export type VersionStatus = Version & { readonly shares: readonly ShareStatus[] };

/** A look at all versions; `at` in ms. */
export type Status = { readonly at: number; readonly versions: readonly VersionStatus[] };

export type StatusResources = {
  readonly jsm: JetStreamManager;
  readonly database: Pick<Pool, 'query'>;
  readonly partitions: number;
};

/**
 * Looks at every version, or at one, and what it is behind.
 *
 * @param before an earlier look, from which rates are told
 * @throws when the log or Postgres do not answer
 */
export async function readStatus(
  resources: StatusResources,
  { version, before }: { readonly version?: number; readonly before?: Status } = {},
): Promise<Status> {
  const { database } = resources;
  const all = await listVersions(database);
  const wanted = all.filter((each) => version === undefined || each.version === version);
  const owners = await readOwners(database);
  const at = Date.now();
  const versions: VersionStatus[] = [];
  for (const each of wanted) {
    const shares = await sharesOf(resources, each, owners);
    const earlier = before?.versions.find((one) => one.version === each.version);
    const seconds = (at - (before?.at ?? at)) / 1_000;
    versions.push({ ...each, shares: shares.map((share) => withRate(share, earlier, seconds)) });
  }
  return { at, versions };
}

/** Looks twice, so that rates can be told; ms from one look to the other. */
export async function readStatusTwice(
  resources: StatusResources,
  version: number | undefined,
  apart: number,
): Promise<Status> {
  const wanted = version === undefined ? {} : { version };
  const before = await readStatus(resources, wanted);
  await sleep(apart);
  return readStatus(resources, { ...wanted, before });
}

async function sharesOf(
  { jsm, database, partitions }: StatusResources,
  { version, state }: Version,
  owners: readonly Owned[],
): Promise<readonly Omit<ShareStatus, 'rate'>[]> {
  if (state === 'dropping') return [];
  const places = await readPlaces(database, schemaOf(version));
  const shares = (['timeline', 'receipts'] as const).flatMap((projection) =>
    Array.from({ length: partitions }, (_, partition): Share => ({ projection, partition })),
  );
  return Promise.all(
    shares.map(async (share) =>
      shareStatus(
        share,
        places,
        await lagBehind(jsm, share, placeOf(places, share).streamSeq),
        ownerOf(owners, version, share),
      ),
    ),
  );
}

function shareStatus(
  share: Share,
  places: Places,
  { head, events: lagEvents, seconds: lagSeconds }: Lag,
  owner: string | undefined,
): Omit<ShareStatus, 'rate'> {
  const { streamSeq: checkpoint, ...place } = placeOf(places, share);
  return { ...share, owner, checkpoint, head, lagEvents, lagSeconds, ...place };
}

function withRate(
  share: Omit<ShareStatus, 'rate'>,
  before: VersionStatus | undefined,
  seconds: number,
): ShareStatus {
  const earlier = before?.shares.find(
    ({ projection, partition }) => projection === share.projection && partition === share.partition,
  );
  const rate =
    earlier === undefined || seconds <= 0 ? undefined : (share.checkpoint - earlier.checkpoint) / seconds;
  return { ...share, rate };
}
