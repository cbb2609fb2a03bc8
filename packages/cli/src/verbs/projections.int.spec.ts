import { migrate } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { beginVersion, followVersion, markVerified } from '@parley/infra/read-model/versions';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { createLog } from '@parley/infra/runtime/log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
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
  runCli(['projections', ...args], { DATABASE_URL: environment.databaseUrl });

describe('projections', () => {
  it('says that a database has no read model yet', async () => {
    const { code, err } = await projections('promote', '1');
    expect(code).toBe(exitCodes.noInput);
    expect(err).toContain('has no read model of this release');
    await migrate(environment.databaseUrl);
  });

  it('names the versions there are where one is asked for that is not', async () => {
    expect(await projections('promote', '7')).toMatchObject({
      code: exitCodes.failed,
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

  it('says that a database does not answer', async () => {
    const { code, err } = await runCli(
      ['projections', 'rollback', '--database', 'postgres://127.0.0.1:9/x'],
      {},
    );
    expect(code).toBe(exitCodes.unavailable);
    expect(err).toContain('127.0.0.1:9 does not answer');
  });
});
