import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { isKnownModel, isOfModel, type Model, NEWEST_MODEL } from './models.js';
import { schemaOf } from './schema-name.js';

/**
 * Brings the database up to date: the schema `parley`, which knows the builds of the read model, and the schema of each build whose model
 * this code knows. Where there is no build yet, the first is made, with the newest model, and served. Several processes may call it at
 * once; one works and the others wait.
 */
export const migrate = (databaseUrl: string): Promise<void> =>
  underLock(databaseUrl, async (client) => {
    await apply(client, 'parley', 'parley', () => true);
    const { rows } = await client.query<{ version: number; model: number }>(
      `select version, model from parley.version where state <> 'dropping' order by version`,
    );
    for (const { version, model } of rows) if (isKnownModel(model)) await applyModel(client, version, model);
    if (rows.length > 0) return;
    await applyModel(client, 1, NEWEST_MODEL);
    await client.query(
      `with made as (
        insert into parley.version (version, model, state, promoted_at) values (1, $1, 'following', now())
      )
      insert into parley.read_model (active) values ('rm_1') on conflict do nothing`,
      [NEWEST_MODEL],
    );
  });

/** Makes the tables of a build, or brings them up to date. The build is in `parley.version` already. */
export const migrateVersion = (databaseUrl: string, version: number, model: Model): Promise<void> =>
  underLock(databaseUrl, (client) => applyModel(client, version, model));

async function underLock(databaseUrl: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'migrate' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    // The lock ends with the session, so a process that dies here does not keep the others.
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await work(client);
  } finally {
    await client.end();
  }
}

/** Any number that only migrations use. */
const MIGRATION_LOCK = 7_041_776;

const applyModel = (client: pg.Client, version: number, model: Model): Promise<void> =>
  apply(client, schemaOf(version), 'read-model', (file) => isOfModel(model, file));

async function apply(
  dbClient: pg.Client,
  schema: string,
  folder: string,
  isWanted: (file: string) => boolean,
): Promise<void> {
  const dir = fileURLToPath(new URL(`../../migrations/${folder}`, import.meta.url));
  const later = (await readdir(dir)).filter((file) => !isWanted(file));
  await runner({
    dbClient,
    schema,
    createSchema: true,
    migrationsTable: 'migration',
    dir,
    ignorePattern: ['\\..*', ...later.map((file) => file.replaceAll('.', '\\.'))].join('|'),
    direction: 'up',
    noLock: true,
    log: () => undefined,
  });
}
