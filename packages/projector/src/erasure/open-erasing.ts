import { type JetStreamClient, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ErasureJob } from '@parley/infra/erasure/job';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { conversationFormat, openSnapshots } from '@parley/infra/log/snapshots';
import { ERASURES } from '@parley/infra/log/subjects';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import type { Log } from '@parley/infra/runtime/log';
import { openVaultStream } from '@parley/infra/vault/vault-stream';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import type { Work } from '../beside.js';
import { eraseConversation } from './erase-conversation.js';
import { eraseMessage } from './erase-message.js';
import { erasePerson } from './erase-person.js';
import { keepSweeping } from './keep-sweeping.js';
import { knowConversations } from './known-conversations.js';
import { erasureMetrics } from './metrics.js';
import type { Outcome } from './outcome.js';
import type { ErasingResources } from './resources.js';
import { ERASERS, type ErasureWork, workOnErasures } from './work-queue.js';

export type ErasingOptions = {
  readonly nats: NatsConnection;
  readonly js: JetStreamClient;
  readonly redis: Redis;
  readonly databaseUrl: string;
  readonly name: string;
  readonly partitions: number;
  readonly log: Log;
  readonly registry: Registry;
  readonly now: () => number;
};

/** What erasing has in common, whatever build is served. */
export type Erasing = {
  /** Begins to do what waits in the queue, by the rows of a build. */
  begin(schema: string): ErasureWork;
  /** Removes what is left of erased conversations in the rows of a build: what one projector at a time does for all. */
  sweep(version: number): Work;
  close(): Promise<void>;
};

/** Gets ready to do what waits in the queue of erasures. */
export async function openErasing(options: ErasingOptions): Promise<Erasing> {
  const { nats, js, redis, databaseUrl, name, partitions, log, registry, now } = options;
  const database = connectPostgres(databaseUrl, {
    name: `erasing-of-${name}`,
    log,
    max: 2,
    statementTimeoutMs: 60_000,
  });
  const jsm = await jetstreamManager(nats, { checkAPI: false });
  const window = openPublishWindow(nats);
  const snapshots = await openSnapshots(nats, conversationFormat);
  let newest: string | undefined;
  const metrics = erasureMetrics(registry, {
    backlog: () => backlogOf(jsm),
    gaps: async () => (newest === undefined ? new Map() : gapsOf(database, newest)),
  });
  const common = {
    jsm,
    window,
    know: knowConversations(jsm, snapshots, partitions),
    partitions,
    now,
    vault: openVaultStream(nats, jsm),
    redis,
    database,
  };
  return {
    begin(schema) {
      newest = schema;
      const resources: ErasingResources = { ...common, schema };
      return workOnErasures({ js, jsm, log, metrics, now, erase: (job) => erase(resources, job) });
    },
    sweep: (version) => (signal) =>
      keepSweeping(
        {
          database,
          schema: schemaOf(version),
          log,
          onFound: (conversations) => metrics.unswept(version, conversations),
        },
        signal,
      ),
    async close() {
      window.close();
      await database.end();
    },
  };
}

async function erase(resources: ErasingResources, job: ErasureJob): Promise<Outcome> {
  switch (job.kind) {
    case 'message':
      return eraseMessage(resources, job);
    case 'conversation':
      return eraseConversation(resources, job);
    case 'person':
      return erasePerson(resources, job);
    default:
      return job satisfies never;
  }
}

async function backlogOf(jsm: JetStreamManager) {
  const [{ state }, consumer] = await Promise.all([
    jsm.streams.info(ERASURES),
    jsm.consumers.info(ERASURES, ERASERS),
  ]);
  return { waiting: state.messages, tried: consumer.num_redelivered };
}

async function gapsOf(database: Pick<Pool, 'query'>, schema: string): Promise<ReadonlyMap<number, number>> {
  const { rows } = await database.query<{ partition: number; count: string }>(
    `select partition, sum(last - stream_seq + 1) as count from ${schema}.gap group by partition`,
  );
  return new Map(rows.map(({ partition, count }) => [partition, Number(count)]));
}
