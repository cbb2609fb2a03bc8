import { migrate } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { beginVersion, followVersion, markVerified } from '@parley/infra/read-model/versions';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import { createLog } from '@parley/infra/runtime/log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { sessionName } from '@parley/projector/ownership/session';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
let database: ReturnType<typeof connectPostgres>;
beforeAll(async () => {
  environment = await testEnvironment();
  database = connectPostgres(environment.databaseUrl, { name: 'spec', log: createLog('spec', 'silent') });
});
afterAll(async () => {
  await database?.end();
  await environment?.dispose();
});

const projections = (...args: readonly string[]) =>
  runCli(['projections', ...args], {
    DATABASE_URL: environment.databaseUrl,
    REDIS_URL: environment.redisUrl,
  });

describe('projections', () => {
  it('says that a database has no read model yet', async () => {
    const { code, err } = await projections('promote', '1');
    expect(code).toBe(exitCodes.noInput);
    expect(err).toContain('has no read model of this release');
    await migrate(environment.databaseUrl);
  });

  it('names the versions there are where one is asked for that is not', async () => {
    expect(await projections('promote', '7')).toMatchObject({
      code: exitCodes.noInput,
      err: 'parley: there is no version 7 of the read model; there is 1\n',
    });
    expect((await projections('promote', 'seven')).code).toBe(exitCodes.usage);
  });

  it('has nothing to roll back to before there was a switch', async () => {
    expect((await projections('rollback')).err).toContain('nothing was served before');
  });

  it('promotes only what is loaded and verified, unless it is told to', async () => {
    const made = await beginVersion(database, environment.databaseUrl, NEWEST_MODEL);
    expect(made).toBe(2);
    expect((await projections('promote', '2')).err).toContain('is not loaded yet');
    await followVersion(database, 2);
    expect((await projections('promote', '2')).err).toContain('was not verified');
    expect((await projections('promote', '2', '--unverified')).out).toBe(
      `version 2 (model ${NEWEST_MODEL}) is served; version 1 was before\n`,
    );
    expect((await projections('promote', 'rm_2', '--unverified')).err).toContain('is served already');
  });

  it('goes back to what was served before, and forth again', async () => {
    expect(JSON.parse((await projections('rollback', '--json')).out)).toEqual({
      served: 1,
      model: NEWEST_MODEL,
      previous: 2,
    });
    await markVerified(database, 2, 'log');
    expect((await projections('promote', '2')).code).toBe(exitCodes.done);
    expect((await projections('rollback')).out).toContain('version 1');
  });

  it('serves none that nobody follows, or that stands behind, unless it is told to', async () => {
    const name = sessionName(1, 'spec');
    const follower = connectPostgres(environment.databaseUrl, {
      name,
      log: createLog('spec', 'silent'),
      max: 1,
    });
    await follower.query('select 1');
    expect(await projections('promote', '2')).toMatchObject({
      code: exitCodes.failed,
      err: expect.stringContaining('none follows version 2'),
    });
    await follower.query(`set application_name = '${sessionName(2, 'spec')}'`);
    await database.query(
      `insert into rm_1.checkpoint (projection, partition, stream_seq, events, digest) values ('timeline', 3, 10001, 0, '')`,
    );
    for (const verb of [['promote', '2'], ['rollback']])
      expect(await projections(...verb)).toMatchObject({
        code: exitCodes.failed,
        err: expect.stringContaining('10001 messages behind version 1 (timeline 3)'),
      });
    expect((await projections('promote', '2', '--behind')).code).toBe(exitCodes.done);
    expect((await projections('rollback')).code).toBe(exitCodes.failed);
    expect((await projections('rollback', '--behind')).code).toBe(exitCodes.done);
    await database.query('truncate rm_1.checkpoint');
    await follower.end();
  });

  it('drops no version that is served, and none without being told so', async () => {
    expect((await projections('drop', '1', '--yes')).err).toContain('version 1 is served');
    const asked = await projections('drop', '2');
    expect(asked.code).toBe(exitCodes.usage);
    expect(asked.err).toContain('which a rollback would go back to');
    expect((await projections('drop', '3', '--yes')).code).toBe(exitCodes.noInput);
  });

  it('drops a version with its rows and what was cached of it, and gives its number to no other', async () => {
    const redis = await connectRedis(environment.redisUrl, {
      name: 'spec',
      log: createLog('spec', 'silent'),
    });
    await redis.mset('page:rm_1:den', 'x', 'page:rm_2:den', 'x', 'memberships:rm_2:ann', 'x');
    expect(await projections('drop', '2', '--yes')).toEqual({
      code: exitCodes.done,
      out: 'version 2 is dropped\n',
      err: '',
    });
    expect(await redis.keys('*')).toEqual(['page:rm_1:den']);
    redis.disconnect();
    const { rows } = await database.query(`select nspname from pg_namespace where nspname like 'rm\\_%'`);
    expect(rows).toEqual([{ nspname: 'rm_1' }]);
    expect((await projections('rollback')).err).toContain('nothing was served before');
    expect(await beginVersion(database, environment.databaseUrl, NEWEST_MODEL)).toBe(3);
  });

  it('goes on with a drop that ended early', async () => {
    await database.query(`update parley.version set state = 'dropping' where version = 3`);
    await database.query('drop table rm_3.message');
    expect((await projections('drop', '3', '--yes', '--json')).out).toBe('{"dropped":3}\n');
  });

  it('says that a database does not answer', async () => {
    const { code, err } = await runCli(
      ['projections', 'rollback', '--database', 'postgres://127.0.0.1:9/x'],
      {},
    );
    expect(code).toBe(exitCodes.unavailable);
    expect(err).toContain('127.0.0.1:9 does not answer');
  });
});
