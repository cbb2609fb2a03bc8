import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { lagBehind } from '@parley/infra/log/projected-stream';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import { type Resource, type Started, tellParent } from '@parley/infra/runtime/lifecycle';
import type { Log } from '@parley/infra/runtime/log';
import { openLogClock } from '@parley/infra/runtime/log-clock';
import { createMetrics } from '@parley/infra/runtime/metrics';
import { startOpsServer } from '@parley/infra/runtime/ops-server';
import type { ProjectorConfig } from './config.js';
import { openErasing } from './erasure/open-erasing.js';
import { openExpiry } from './expiry/open-expiry.js';
import { projectorMetrics } from './metrics.js';
import { parkedMetrics } from './parked/metrics.js';
import { openUpkeep } from './upkeep.js';
import { type FollowVersion, followVersion } from './versions/follow-version.js';
import { followVersions } from './versions/follow-versions.js';
import { besideShare, openServedEffects } from './versions/serve-version.js';

/**
 * Builds the projector: connections, what it does for the build that is served, and the following of all. Waits for Postgres as long as it
 * takes.
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
  const databaseUrl = config.DATABASE_URL;
  const partitions = config.PARLEY_PARTITIONS;
  const resources: Resource[] = [];

  const nats = await connectNats(config.NATS_URL, name);
  resources.push({ name: 'nats', dispose: () => nats.drain() });
  await ensureTopology(nats, { partitions, replicas: config.PARLEY_REPLICAS });
  await migratePatiently(databaseUrl, log);
  const redis = await connectRedis(config.REDIS_URL, { name, log });
  resources.push({ name: 'redis', dispose: () => redis.disconnect() });
  const database = connectPostgres(databaseUrl, { name: `cache-of-${name}`, log, max: 2 });
  resources.push({ name: 'postgres', dispose: () => database.end() });

  const registry = createMetrics('projector');
  const clock = await openClock({ nats, log, registry });
  resources.push({ name: 'clock', dispose: () => clock.close() });
  const js = jetstream(nats);
  const jsm = await js.jetstreamManager(false);
  const metrics = projectorMetrics(registry, (share, streamSeq) => lagBehind(jsm, share, streamSeq));
  parkedMetrics(registry, database);
  const { now } = clock;
  const common = { nats, js, jsm, databaseUrl, name, partitions, registry, now, log };
  const upkeep = await openUpkeep({ ...common, config, metrics });
  resources.push({ name: 'upkeep', dispose: () => upkeep.close() });
  const expiry = openExpiry(common);
  resources.push({ name: 'expiry', dispose: () => expiry.close() });
  const erasing = await openErasing({ ...common, redis });
  resources.push({ name: 'erasing', dispose: () => erasing.close() });

  const onCacheFailure = (): void => metrics.cacheFailed();
  const serving = openServedEffects({ nats, redis, database, expiry, erasing, upkeep, onCacheFailure });
  resources.push({ name: 'what is served', dispose: () => serving.close() });
  const following: FollowVersion = {
    database,
    databaseUrl,
    instance,
    partitions,
    js,
    jsm,
    metrics,
    log,
    besides: (version, share) => besideShare(serving, { erasing, upkeep }, version, share),
  };
  const versions = followVersions({
    database,
    log,
    tell: tellParent,
    follow: (version) => followVersion(following, version),
    serve: serving.moveTo,
  });
  resources.push({ name: 'shares', dispose: () => versions.close() });

  const ops = await startOpsServer({
    host: config.PARLEY_HTTP_HOST,
    port: config.PARLEY_HTTP_PORT,
    metrics: registry,
    checks: [
      { name: 'nats', isReady: () => !nats.isClosed() },
      { name: 'expiry', isReady: () => serving.current?.isReady ?? true },
      { name: 'postgres', isReady: async () => (await database.query('select 1')).rowCount === 1 },
    ],
  });
  resources.push({ name: 'ops server', dispose: () => ops.close() });
  return { info: { url: ops.url, instance }, resources };
}

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
