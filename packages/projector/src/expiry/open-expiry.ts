import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { queueErasure } from '@parley/infra/erasure/queue';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import type { Log } from '@parley/infra/runtime/log';
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
  /** The log's time in ms. */
  readonly now: () => number;
  readonly databaseUrl: string;
  readonly partitions: number;
  readonly registry: Registry;
  readonly log: Log;
};

/** What schedulers of this process have in common. */
export type Expiry = {
  /** Ends what is due by the rows of a build, in the partitions that are then taken. One at a time. */
  begin(schema: string): Scheduler;
  close(): Promise<void>;
};

/** Gets ready to end what is due, with connections of its own: that must not wait for a big batch of rows. */
export function openExpiry({ nats, name, databaseUrl, registry, ...options }: ExpiryOptions): Expiry {
  const { log } = options;
  const database = connectPostgres(databaseUrl, {
    name: `expiry-of-${name}`,
    log,
    max: 2,
    statementTimeoutMs: 5_000,
    readsByKey: true,
  });
  const window = openPublishWindow(nats);
  const line = watchLine(nats);
  let newest: { readonly schema: string; readonly scheduler: Scheduler } | undefined;
  const metrics = expiryMetrics(registry, async () => {
    if (newest === undefined) return undefined;
    const now = options.now();
    return { now, ...(await countDue(database, newest.schema, newest.scheduler.partitions, now)) };
  });
  return {
    begin(schema) {
      const scheduler = openScheduler({
        ...options,
        database,
        schema,
        window,
        metrics,
        isUp: () => line.isUp,
        queueErasure: (conversationId) => queueErasure(window, { kind: 'conversation', conversationId }),
      });
      newest = { schema, scheduler };
      return scheduler;
    },
    async close() {
      window.close();
      await database.end();
    },
  };
}
