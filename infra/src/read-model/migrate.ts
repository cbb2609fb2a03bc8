import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { schemaOf } from './schema-name.js';

export type Migration = {
  /** Version of the read model to make or bring up to date: its schema is `rm_<version>`. */
  readonly readModel: number;
};

/**
 * Brings the database up to date: the schema `parley`, which names the read model that is served, and the schema of one
 * read model. Several processes may call it at once; one works and the others wait. The first read model made becomes
 * the one that is served.
 */
export async function migrate(databaseUrl: string, { readModel }: Migration): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'migrate' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    // The lock ends with the session, so a process that dies here does not keep the others.
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await apply(client, 'parley', 'parley');
    await apply(client, schemaOf(readModel), 'read-model');
    await client.query('insert into parley.read_model (active) values ($1) on conflict do nothing', [
      schemaOf(readModel),
    ]);
  } finally {
    await client.end();
  }
}

/** Any number that only migrations use. */
const MIGRATION_LOCK = 7_041_776;

async function apply(dbClient: pg.Client, schema: string, folder: string): Promise<void> {
  await runner({
    dbClient,
    schema,
    createSchema: true,
    migrationsTable: 'migration',
    dir: fileURLToPath(new URL(`../../migrations/${folder}`, import.meta.url)),
    direction: 'up',
    noLock: true,
    log: () => undefined,
  });
}
