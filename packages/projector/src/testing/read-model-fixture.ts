import type { Envelope } from '@parley/domain/log/envelope';
import { migrate } from '@parley/infra/read-model/migrate';
import { testEnvironment } from '@parley/infra/testing/test-environment';
import pg from 'pg';
import { type Checkpoint, readCheckpoint, type Share } from '../checkpoint.js';
import { type Projected, projectBatch } from '../project-batch.js';
import { timeline } from '../timeline/projection.js';
import { logged } from './logged.js';

export const schema = 'rm_1';
export const share: Share = { projection: 'timeline', partition: 0 };

/** Drops all rows, as whoever builds the read model anew does. */
export async function emptyTables(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'select tablename as name from pg_tables where schemaname = $1 and tablename <> $2',
    [schema, 'migration'],
  );
  await client.query(`truncate ${rows.map(({ name }) => `${schema}.${name}`).join(', ')}`);
}

/** A migrated database of its own, and what it takes to project into it. */
export async function openReadModel() {
  const environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  const client = new pg.Client(environment.databaseUrl);
  await client.connect();
  let length = 0;
  return {
    environment,
    client,
    target: { client, schema, share },
    checkpoint: (): Promise<Checkpoint> => readCheckpoint(client, schema, share),
    /** Appends these to what was projected before, as one batch. */
    async given(...events: readonly Envelope[]): Promise<Projected> {
      const messages = logged(events, length + 1);
      length += events.length;
      return projectBatch(
        { client, schema, share },
        timeline,
        await readCheckpoint(client, schema, share),
        messages,
      );
    },
    async close(): Promise<void> {
      await client.end();
      await environment.dispose();
    },
  };
}

export type ReadModel = Awaited<ReturnType<typeof openReadModel>>;
