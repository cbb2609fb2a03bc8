import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { migrateVersion } from '@parley/infra/read-model/migrate';
import { isKnownModel, type Model, NEWEST_MODEL } from '@parley/infra/read-model/models';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { VersionRefused } from '@parley/infra/read-model/version-refused';
import { beginVersion, followVersion, listVersions } from '@parley/infra/read-model/versions';
import type { ClientBase, Pool } from 'pg';
import { type ProjectionName, Superseded } from '../checkpoint.js';
import { pause } from '../pause.js';
import { isAway, isBack, isNoRoom, NoRoom } from './away.js';
import { withBuildSession } from './build-session.js';
import { copyProjection, requireSameTables } from './copy-projection.js';
import { awaitFollowers } from './hand-over.js';
import { holdRebuilds, RebuildHeld } from './hold.js';
import { loadShares } from './load-shares.js';
import { lookBack } from './look-back.js';
import { makeIndexes } from './make-indexes.js';
import { type Pace, unpaced } from './pace.js';
import { endPostponed, postpone, readPostponed } from './postponed.js';
import type { Phase, Rebuilt, Report } from './report.js';
import { settleRows } from './settle.js';
import { lengthOf, projectionNames, stretchesOf } from './shares.js';

export type RebuildOptions = {
  readonly database: Pick<Pool, 'query'>;
  readonly databaseUrl: string;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly partitions: number;
  /** Projections to be made of the log; the others are copied from the served version. All unless said. */
  readonly names?: readonly ProjectionName[];
  /** While the log is loaded. */
  readonly pace?: Pace;
  /** Shares and indexes worked on at once. */
  readonly atOnce: number;
  /** How long Postgres may be away in the middle, in ms; two minutes unless said. */
  readonly patience?: number;
  /** How long a projector may take to find the version, in ms, until it counts as followed by nobody; five seconds unless said. */
  readonly noticed?: number;
  readonly onReport: (report: Report) => void;
};

/**
 * Builds the next version of the read model beside the one that is served, or goes on with the one that is being built: loads the log by
 * COPY, makes the indexes, catches up, and gives it to the projectors. Where it ended, however it ended, the next goes on.
 *
 * @throws RebuildHeld when another is at work; NoRoom; TablesDiffer; LogTooShort; VersionRefused; the signal's reason when it is
 *   aborted: what was committed stays
 */
export async function rebuild(options: RebuildOptions, signal: AbortSignal): Promise<Rebuilt> {
  const { databaseUrl, onReport, patience = 120_000 } = options;
  const tally: Tally = { startedAt: performance.now(), events: 0, phases: {} };
  for (let held = 0; ; ) {
    try {
      return await attempt(options, tally, signal);
    } catch (error) {
      const isOwn = error instanceof RebuildHeld && error.isOwn && held++ < HELD_BY_ITSELF;
      if (signal.aborted || !(isOwn || isAway(error)) || isNoRoom(error)) throw error;
      onReport({ tag: 'waiting', reason: `Postgres: ${(error as Error).message}` });
      if (!(await isBack(databaseUrl, patience, signal))) throw error;
      if (isOwn) await pause(1_000, signal);
    }
  }
}

/** Seconds in which Postgres may not have seen that a connection of ours is gone. */
const HELD_BY_ITSELF = 30;

type Tally = {
  readonly startedAt: number;
  events: number;
  readonly phases: Partial<Record<Phase, number>>;
  phase?: { readonly name: Phase; readonly since: number };
};

async function attempt(options: RebuildOptions, tally: Tally, signal: AbortSignal): Promise<Rebuilt> {
  const hold = await holdRebuilds(options.databaseUrl);
  try {
    const until = AbortSignal.any([signal, hold.lost]);
    const { version, model, isResumed } = await buildingVersion(options);
    options.onReport({ tag: 'begun', version, model, isResumed });
    return await withBuildSession(options.databaseUrl, until, (client) =>
      build({ ...options, client, version, model, schema: schemaOf(version), tally, signal: until }),
    ).catch((error: Error) => {
      throw isNoRoom(error) ? new NoRoom(schemaOf(version), error) : error;
    });
  } finally {
    await hold.end();
  }
}

/** The version that is being built, or the next. */
async function buildingVersion({ database, databaseUrl, names = projectionNames }: RebuildOptions) {
  const versions = await listVersions(database);
  const found = versions.find(({ state }) => state === 'building');
  if (found === undefined) {
    const served = versions.find(({ role }) => role === 'served');
    if (served !== undefined && names.length < projectionNames.length && served.model !== NEWEST_MODEL)
      throw new VersionRefused(
        `version ${served.version} is served and is of model ${served.model}, and a new one is of model ${NEWEST_MODEL}: ` +
          'nothing can be copied from it; rebuild all projections, by naming none',
      );
    return {
      version: await beginVersion(database, databaseUrl, NEWEST_MODEL),
      model: NEWEST_MODEL,
      isResumed: false,
    };
  }
  const { version, model } = found;
  if (!isKnownModel(model))
    throw new VersionRefused(
      `version ${version} is being built with model ${model}, which this release does not know: go on with it by the release that ` +
        `began it, or \`parley projections drop ${version}\``,
    );
  await migrateVersion(databaseUrl, version, model);
  return { version, model, isResumed: true };
}

type Build = RebuildOptions & {
  readonly client: ClientBase;
  readonly version: number;
  readonly model: Model;
  readonly schema: string;
  readonly tally: Tally;
  readonly signal: AbortSignal;
};

async function build(work: Build): Promise<Rebuilt> {
  const { client, schema, tally, version, model } = work;
  const phase = (name: Phase, what = '') => {
    enter(tally, name);
    work.onReport({ tag: 'phase', phase: name, what });
  };
  const copied = await begin(work);
  if ((await readPostponed(client, schema)) !== undefined) {
    await copy(work, phase);
    phase('loading');
    await load(work);
    phase('settling');
    await settleRows(client, schema, model);
    await index(work, phase);
  }
  phase('catching up');
  await catchUp(work, phase);
  await followVersion(work.database, version);
  phase('handing over', `rm_${version} is given to the projectors`);
  const isFollowed = await awaitFollowers(work.jsm, client, work, work.signal);
  // Whatever came meanwhile is nobody else's work then.
  if (!isFollowed) await catchUp(work, phase, { isHandedOver: true });
  enter(tally);
  const { events, phases } = tally;
  const ms = performance.now() - tally.startedAt;
  return { version, model, copied, events, ms, phases, ...(await lookBack(client, schema)), isFollowed };
}

/** Counts the time of the phase that ends now. */
function enter(tally: Tally, name?: Phase): void {
  const now = performance.now();
  const { phase } = tally;
  if (phase !== undefined) tally.phases[phase.name] = (tally.phases[phase.name] ?? 0) + now - phase.since;
  if (name === undefined) delete tally.phase;
  else tally.phase = { name, since: now };
}

/** Makes a build that has nothing yet ready to be loaded. */
async function begin({ client, schema, database, names = projectionNames }: Build) {
  const postponed = await readPostponed(client, schema);
  if (postponed !== undefined) return postponed.copies;
  const { rows } = await client.query(`select from ${schema}.checkpoint limit 1`);
  if (rows.length > 0) return [];
  const copies = projectionNames.filter((name) => !names.includes(name));
  const served = await servedSchema(database);
  for (const projection of copies) await requireSameTables(client, projection, served, schema);
  await postpone(client, schema, copies);
  return copies;
}

async function servedSchema(database: Pick<Pool, 'query'>): Promise<string> {
  const served = (await listVersions(database)).find(({ role }) => role === 'served');
  if (served === undefined)
    throw new VersionRefused('no version is served: rebuild all projections, by naming none');
  return schemaOf(served.version);
}

async function copy({ client, schema, database }: Build, phase: (phase: Phase, what: string) => void) {
  const postponed = await readPostponed(client, schema);
  for (const projection of postponed?.copies ?? []) {
    const from = await servedSchema(database);
    phase('copying', `${projection} from ${from}`);
    await copyProjection(client, projection, from, schema);
  }
}

/** Messages that are left to the time when indexes are there. */
const SHORT = 20_000;

/** Loads the log, and again what it got meanwhile, as long as that makes it less. */
async function load(work: Build): Promise<void> {
  const { jsm, client, schema, partitions, signal, tally, pace = unpaced } = work;
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const stretches = await stretchesOf(jsm, client, schema, partitions);
    const length = lengthOf(stretches);
    if (length === 0 || (before < Number.POSITIVE_INFINITY && (length < SHORT || length > before / 2)))
      return;
    before = length;
    tally.events += await loadShares({ ...work, pace, isLoad: true }, stretches, signal);
  }
}

async function index(work: Build, phase: (phase: Phase, what: string) => void): Promise<void> {
  const { client, schema, databaseUrl, atOnce, signal } = work;
  const indexes = (await readPostponed(client, schema))?.indexes ?? [];
  let made = 0;
  phase('indexing', `${indexes.length} indexes`);
  const onMade = (name: string) => phase('indexing', `${++made} of ${indexes.length}: ${name}`);
  await makeIndexes({ databaseUrl, schema, atOnce, onMade }, indexes, signal);
  await endPostponed(client, schema);
}

/** Rounds of what came during the one before: each is shorter, as rows are written faster than a log grows. */
const ROUNDS = 20;

/** Brings the build to the end of the log, as projectors do. */
async function catchUp(
  work: Build,
  phase: (phase: Phase, what: string) => void,
  { isHandedOver = false } = {},
): Promise<void> {
  const { jsm, client, schema, partitions, signal, tally } = work;
  for (let round = 0; round < ROUNDS; round++) {
    const stretches = await stretchesOf(jsm, client, schema, partitions);
    const length = lengthOf(stretches);
    if (length === 0 || (round > 0 && length < CLOSE)) return;
    if (round > 0) phase('catching up', `${length} events`);
    try {
      tally.events += await loadShares({ ...work, pace: unpaced, isLoad: false }, stretches, signal);
    } catch (error) {
      // A projector has taken it up after all.
      if (!(isHandedOver && error instanceof Superseded)) throw error;
      return;
    }
  }
}

/** Messages behind the log at which a build is handed over: some tenths of a second of a projector's work. */
const CLOSE = 1_000;
