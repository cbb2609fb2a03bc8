import { jetstream } from '@nats-io/jetstream';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import { createLog } from '@parley/infra/runtime/log';
import { createMetrics } from '@parley/infra/runtime/metrics';
import { keepCache } from '@parley/projector/cache/keep-cache';
import { projectorMetrics } from '@parley/projector/metrics';
import { runShare } from '@parley/projector/run-share';
import { timeline } from '@parley/projector/timeline/projection';
import pg from 'pg';

/**
 * A projector's work on partition 0, in a process of its own as in service: read, decode, fold, write, and the cache behind
 * the commits. Environment: NATS_URL, DATABASE_URL, REDIS_URL, SCHEMA. Says `{took: {ms, cpuMs}}` to its parent: from the start of
 * the work to the commit after which nothing is left.
 */
const { NATS_URL, DATABASE_URL, REDIS_URL, SCHEMA } = process.env as Record<string, string>;
const schema = SCHEMA as string;
const log = createLog('bench', 'fatal');
const nats = await connectNats(NATS_URL as string, 'replay');
const client = new pg.Client({ connectionString: DATABASE_URL });
await client.connect();
const redis = await connectRedis(REDIS_URL as string, { name: 'replay', log });
const database = connectPostgres(DATABASE_URL as string, { name: 'replay-cache', log, max: 2 });
const cache = keepCache({ redis, database, schema, onFailure: () => undefined });

const stop = new AbortController();
const startedAt = performance.now();
const before = process.cpuUsage();
await runShare(
  {
    js: jetstream(nats),
    metrics: projectorMetrics(createMetrics('bench'), async () => ({ events: 0, seconds: 0 })).of(1),
    log,
    onCommit(commits, pending) {
      cache.committed(commits, pending);
      if (pending > 0) return;
      const ms = performance.now() - startedAt;
      const { user, system } = process.cpuUsage(before);
      process.send?.({ took: { ms, cpuMs: (user + system) / 1_000 } });
      stop.abort();
    },
  },
  timeline,
  { client, schema, share: { projection: 'timeline', partition: 0 } },
  stop.signal,
);
process.exit(0);
