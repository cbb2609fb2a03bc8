import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { queueErasure } from '@parley/infra/erasure/queue';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import type { Log } from '@parley/infra/runtime/log';
import type { LogClock } from '@parley/infra/runtime/log-clock';
import { watchLine } from '@parley/infra/runtime/watch-line';
import type { Registry } from 'prom-client';
import { countDue } from './due-conversation.js';
import { expiryMetrics } from './metrics.js';
import { openScheduler, type Scheduler } from './scheduler.js';

export type ExpiryOptions = {
  readonly nats: NatsConnection;
  readonly jsm: JetStreamManager;
  /** What Postgres knows this process by. */
  readonly name: string;
  readonly clock: Pick<LogClock, 'now'>;
  readonly databaseUrl: string;
  readonly schema: string;
  readonly partitions: number;
  readonly registry: Registry;
  readonly log: Log;
};

/** Builds the scheduler of a process, with connections of its own: what is due must not wait for a big batch of rows. */
export function startExpiry({
  nats,
  name,
  databaseUrl,
  registry,
  clock,
  ...options
}: ExpiryOptions): Scheduler {
  const { schema, partitions, log } = options;
  const database = connectPostgres(databaseUrl, {
    name: `expiry-of-${name}`,
    log,
    max: 2,
    statementTimeoutMs: 5_000,
    readsByKey: true,
  });
  const window = openPublishWindow(nats);
  const line = watchLine(nats);
  const metrics = expiryMetrics(registry, async () => {
    const now = clock.now();
    return { now, ...(await countDue(database, schema, scheduler.partitions, now)) };
  });
  const scheduler: Scheduler = openScheduler({
    ...options,
    database,
    window,
    partitions,
    metrics,
    now: clock.now,
    isUp: () => line.isUp,
    queueErasure: (conversationId) => queueErasure(window, { kind: 'conversation', conversationId }),
  });
  return {
    ...scheduler,
    get partitions() {
      return scheduler.partitions;
    },
    get isReady() {
      return scheduler.isReady;
    },
    async close() {
      await scheduler.close();
      window.close();
      await database.end();
    },
  };
}
