import { type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import { placeOf, receiptPlaceOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate, migrateVersion } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { beginVersion, followVersion } from '@parley/infra/read-model/versions';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import pg from 'pg';
import { readCheckpoint } from '../checkpoint.js';
import { projectBatch } from '../project-batch.js';
import { receipts } from '../receipts/projection.js';
import { timeline } from '../timeline/projection.js';
import { type VerifyOptions, verifyVersion } from '../verify/verify-version.js';

/** A log on a broker and builds of it, each projected when it is asked for. */
export async function openBuilds(partitions: number, servers?: TestEnvironment) {
  const environment = servers ?? (await testEnvironment());
  await migrate(environment.databaseUrl);
  const pool = new pg.Pool({ connectionString: environment.databaseUrl, max: 4 });
  pool.on('error', () => undefined);
  const nats: NatsConnection = await connectNats(environment.natsUrl, 'verify-spec');
  await ensureTopology(nats, { partitions, replicas: 1 });
  const js: JetStreamClient = jetstream(nats);
  const jsm: JetStreamManager = await js.jetstreamManager(false);
  const resources = { js, jsm, partitions, databaseUrl: environment.databaseUrl };

  return {
    environment,
    pool,
    nats,
    js,
    jsm,
    resources,
    placeOf: (conversationId: string) => placeOf(conversationId, partitions),
    given: (events: readonly Envelope[]) => storeLog(nats, events, partitions),
    async moved(conversationId: string, user: string, delivered: number, read: number, at: number) {
      const { subject } = receiptPlaceOf(conversationId, user, partitions);
      await js.publish(subject, JSON.stringify({ conversationId, user, delivered, read, at }));
    },
    /** Brings a version up to the end of the log, in batches of so many events. */
    async project(version: number, maxBatch = 50) {
      const client = await pool.connect();
      const schema = schemaOf(version);
      try {
        for (const projection of [timeline, receipts]) {
          for (let partition = 0; partition < partitions; partition++) {
            const share = { projection: projection.name, partition };
            let checkpoint = await readCheckpoint(client, schema, share);
            const stream = projection.streamOf(partition);
            const options = { follow: false, maxBatch };
            for await (const batch of consumeBatches(js, stream, checkpoint.streamSeq, options))
              ({ checkpoint } = await projectBatch({ client, schema, share }, projection, checkpoint, batch));
          }
        }
      } finally {
        client.release();
      }
    },
    /** A version beside the others, empty. */
    async beside() {
      const version = await beginVersion(pool, environment.databaseUrl, NEWEST_MODEL);
      await migrateVersion(environment.databaseUrl, version, NEWEST_MODEL);
      await followVersion(pool, version);
      return version;
    },
    verify: (version: number, options?: VerifyOptions) => verifyVersion(resources, version, options),
    async close() {
      await nats.close();
      await pool.end();
      await environment.dispose();
    },
  };
}

export type Builds = Awaited<ReturnType<typeof openBuilds>>;
