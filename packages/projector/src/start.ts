import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import type { Resource, Started } from '@parley/infra/runtime/lifecycle';
import type { Log } from '@parley/infra/runtime/log';
import { openLogClock } from '@parley/infra/runtime/log-clock';
import { createMetrics } from '@parley/infra/runtime/metrics';
import { startOpsServer } from '@parley/infra/runtime/ops-server';
import { announceAdded } from './announce.js';
import { beside, type Work } from './beside.js';
import { keepCache } from './cache/keep-cache.js';
import type { Share } from './checkpoint.js';
import type { ProjectorConfig } from './config.js';
import { startErasing } from './erasure/start-erasing.js';
import { startExpiry } from './expiry/start-expiry.js';
import { projectorMetrics } from './metrics.js';
import { ownShares } from './ownership/own-shares.js';
import type { Commit } from './project-batch.js';
import { receipts } from './receipts/projection.js';
import { runShare } from './run-share.js';
import { timeline } from './timeline/projection.js';
import { openUpkeep } from './upkeep.js';

/** Version of the read model this projector builds. */
const READ_MODEL = 1;

/** Messages behind a commit from which people are not told that they entered: command-api has told them long ago. */
const OLD_NEWS = 2_000;

const projections = { timeline, receipts };

/**
 * Builds the projector: connections, ownership of shares, the work on each. Waits for Postgres as long as it takes.
 *
 * @param openClock a test may move the clock.
 */
export async function startProjector(
  config: ProjectorConfig,
  log: Log,
  openClock: typeof openLogClock = openLogClock,
): Promise<Started> {
  const instance = randomBytes(6).toString('hex');
  const name = `projector-${instance}`;
  const schema = schemaOf(READ_MODEL);
  const partitions = config.PARLEY_PARTITIONS;
  const resources: Resource[] = [];

  const nats = await connectNats(config.NATS_URL, name);
  resources.push({ name: 'nats', dispose: () => nats.drain() });
  await ensureTopology(nats, { partitions, replicas: config.PARLEY_REPLICAS });
  await migratePatiently(config.DATABASE_URL, log);
  const redis = await connectRedis(config.REDIS_URL, { name, log });
  resources.push({ name: 'redis', dispose: () => redis.disconnect() });
  const database = connectPostgres(config.DATABASE_URL, { name: `cache-of-${name}`, log, max: 2 });
  resources.push({ name: 'postgres', dispose: () => database.end() });

  const registry = createMetrics('projector');
  const clock = await openClock({ nats, log, registry });
  resources.push({ name: 'clock', dispose: () => clock.close() });
  const js = jetstream(nats);
  const jsm = await js.jetstreamManager(false);
  const metrics = projectorMetrics(registry, async ({ projection, partition }) => {
    const { state } = await jsm.streams.info(projections[projection].streamOf(partition));
    return state.last_seq;
  });
  const cache = keepCache({ redis, database, schema, onFailure: () => metrics.cacheFailed() });
  resources.push({ name: 'cache', dispose: () => cache.close() });

  const onCommit = (commits: readonly Commit[], pending: number) => {
    cache.committed(commits, pending);
    if (pending <= OLD_NEWS) announceAdded(nats, commits);
  };
  const upkeep = await openUpkeep({
    config,
    name,
    nats,
    js,
    jsm,
    schema,
    registry,
    metrics,
    now: clock.now,
    log,
  });
  resources.push({ name: 'upkeep', dispose: () => upkeep.close() });

  const databaseUrl = config.DATABASE_URL;
  const expiry = startExpiry({ nats, jsm, name, clock, databaseUrl, schema, partitions, registry, log });
  resources.push({ name: 'expiry', dispose: () => expiry.close() });
  const erasing = await startErasing({
    nats,
    js,
    redis,
    databaseUrl,
    name,
    schema,
    partitions,
    log,
    registry,
    now: clock.now,
  });
  resources.push({ name: 'erasing', dispose: () => erasing.close() });
  const chores = [...upkeep.chores, erasing.sweep];
  const ownership = ownShares({
    databaseUrl: config.DATABASE_URL,
    instance,
    readModel: READ_MODEL,
    projections: ['timeline', 'receipts'],
    partitions,
    log,
    work: async (share, { client }, signal) => {
      metrics.claimed(share);
      const due = share.projection === 'timeline' ? expiry.take(share.partition) : undefined;
      signal.addEventListener('abort', () => due?.release(), { once: true });
      try {
        const work = { js, metrics, log, onCommit, onPlace: (pending: number) => due?.behind(pending) };
        const target = { client, schema, share };
        const project: Work = (until) => runShare(work, projections[share.projection], target, until);
        await beside(signal, project, bringsUpkeep(share) ? chores : []);
      } catch (error) {
        metrics.failed(share);
        throw error;
      } finally {
        due?.release();
        metrics.released(share);
      }
    },
  });
  resources.push({ name: 'shares', dispose: () => ownership.close() });

  const ops = await startOpsServer({
    host: config.PARLEY_HTTP_HOST,
    port: config.PARLEY_HTTP_PORT,
    metrics: registry,
    checks: [
      { name: 'nats', isReady: () => !nats.isClosed() },
      { name: 'expiry', isReady: () => expiry.isReady },
      { name: 'postgres', isReady: async () => (await database.query('select 1')).rowCount === 1 },
    ],
  });
  resources.push({ name: 'ops server', dispose: () => ops.close() });
  return { info: { url: ops.url, instance }, resources };
}

/** One projector at a time does what is done for all partitions: whoever owns the timeline of the first. */
const bringsUpkeep = ({ projection, partition }: Share): boolean =>
  projection === 'timeline' && partition === 0;

/** Migrates as soon as Postgres answers. A migration that fails is tried again too: it may be the other way round. */
async function migratePatiently(databaseUrl: string, log: Log): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await migrate(databaseUrl);
    } catch (error) {
      if (attempt % 20 === 0) log.warn({ reason: (error as Error).message }, 'waiting for Postgres');
      await sleep(500);
    }
  }
}
