import { readFile, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { dumpSchema } from './dump-schema.js';
import { migrate } from './migrate.js';
import { NEWEST_MODEL } from './models.js';
import { beginVersion } from './versions.js';

const committed = new URL('../../migrations/schema.sql', import.meta.url);

describe('migrating', () => {
  let environment: TestEnvironment;
  let client: pg.Client;

  beforeAll(async () => {
    environment = await testEnvironment();
    client = new pg.Client(environment.databaseUrl);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await environment.dispose();
  });

  it('is safe for several processes at once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => migrate(environment.databaseUrl)));
    const { rows } = await client.query('select active from parley.read_model');
    expect(rows).toEqual([{ active: 'rm_1' }]);
  });

  it('makes the schema that is committed; run with UPDATE_SCHEMA=1 after writing a migration', async () => {
    const dumped = `-- Schema parley\n\n${await dumpSchema(client, 'parley')}\n-- Schema of each read model\n\n${await dumpSchema(client, 'rm_1')}`;
    if (process.env.UPDATE_SCHEMA) await writeFile(committed, dumped);
    expect(dumped).toBe(await readFile(committed, 'utf8'));
  });

  it('makes the next read model beside the one that is served', async () => {
    const database = new pg.Pool({ connectionString: environment.databaseUrl });
    const made = await beginVersion(database, environment.databaseUrl, NEWEST_MODEL);
    await database.end();
    expect(made).toBe(2);
    expect(await dumpSchema(client, 'rm_2')).toBe(await dumpSchema(client, 'rm_1'));
    const { rows } = await client.query('select active from parley.read_model');
    expect(rows).toEqual([{ active: 'rm_1' }]);
  });

  it('refuses a second row that would make two read models the served one', async () => {
    await expect(client.query(`insert into parley.read_model (active) values ('rm_2')`)).rejects.toThrow(
      'duplicate',
    );
  });
});
