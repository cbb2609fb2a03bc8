import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { waitFor } from '../testing/wait-for.js';
import { migrate } from './migrate.js';
import { NEWEST_MODEL } from './models.js';
import { NoReadableVersion, openServedVersion, type ServedVersion } from './served-version.js';
import { beginVersion, followVersion, promoteVersion, rollbackVersion } from './versions.js';

describe('looking at which version is served', () => {
  let environment: TestEnvironment;
  let pool: pg.Pool;
  let opened: ServedVersion[] = [];

  beforeAll(async () => {
    environment = await testEnvironment();
    pool = new pg.Pool({ connectionString: environment.databaseUrl, max: 3 });
    pool.on('error', () => undefined);
  });
  afterEach(() => {
    for (const served of opened) served.close();
    opened = [];
  });
  afterAll(async () => {
    await pool.end();
    await environment.dispose();
  });

  function open(...options: Parameters<typeof openServedVersion>): ServedVersion {
    const served = openServedVersion(...options);
    opened.push(served);
    return served;
  }

  it('fails as the database does before there is any', async () => {
    await expect(open(pool).current()).rejects.toMatchObject({ code: '42P01' });
    await migrate(environment.databaseUrl);
    expect(await open(pool).current()).toEqual({ schema: 'rm_1', model: NEWEST_MODEL });
  });

  it('sees a switch by itself, and goes back with it', async () => {
    const served = open(pool);
    expect((await served.current()).schema).toBe('rm_1');
    await beginVersion(pool, environment.databaseUrl, NEWEST_MODEL);
    await followVersion(pool, 2);
    await promoteVersion(pool, 2, { unverified: true });
    await waitFor(async () => (await served.current()).schema === 'rm_2', { what: 'the switch to be seen' });
    await rollbackVersion(pool);
    await waitFor(async () => (await served.current()).schema === 'rm_1', { what: 'the way back' });
  });

  it('asks before it answers where it has not asked for a second', async () => {
    let now = 0;
    const served = open(pool, { now: () => now });
    expect((await served.current()).schema).toBe('rm_1');
    served.close();
    await promoteVersion(pool, 2, { unverified: true });
    expect((await served.current()).schema).toBe('rm_1');
    now = 1_000;
    expect((await served.current()).schema).toBe('rm_2');
  });

  it('stays at what it knew while Postgres does not answer', async () => {
    let now = 0;
    let isAway = false;
    const served = open(
      { query: (async (text: string) => pool.query(isAway ? 'select 1 / 0' : text)) as never },
      { now: () => now },
    );
    expect((await served.current()).schema).toBe('rm_2');
    [isAway, now] = [true, 5_000];
    expect((await served.current()).schema).toBe('rm_2');
  });

  it('reads once more where the build was dropped meanwhile, and not for another fault', async () => {
    const served = open(pool, { now: () => 0 });
    expect((await served.current()).schema).toBe('rm_2');
    served.close();
    await rollbackVersion(pool);
    await pool.query(`update parley.version set state = 'dropping' where version = 2`);
    await pool.query('drop schema rm_2 cascade');
    const read: string[] = [];
    const count = await served.read(async ({ schema }) => {
      read.push(schema);
      return (await pool.query(`select count(*)::int as count from ${schema}.message`)).rows[0].count;
    });
    expect([count, read]).toEqual([0, ['rm_2', 'rm_1']]);
    await expect(served.read(() => pool.query('select * from nowhere.at_all'))).rejects.toThrow('nowhere');
    await expect(served.read(() => pool.query('select 1 / 0'))).rejects.toThrow('zero');
  });

  it('says that there is none that this code can read', async () => {
    const served = open(pool, { knows: (model): model is never => model < 0 });
    await expect(served.current()).rejects.toThrow(NoReadableVersion);
  });
});
