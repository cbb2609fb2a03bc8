import { migrate } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { createLog } from '@parley/infra/runtime/log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followVersions } from './follow-versions.js';

const log = createLog('spec', 'silent');

let environment: TestEnvironment;
let database: ReturnType<typeof connectPostgres>;
beforeAll(async () => {
  environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  database = connectPostgres(environment.databaseUrl, { name: 'spec', log });
});
afterAll(async () => {
  await database?.end();
  await environment?.dispose();
});

it('tells once that rows of an older release are served, and what makes them anew', async () => {
  await database.query('update parley.version set model = $1', [NEWEST_MODEL - 1]);
  const told: string[] = [];
  let looks = 0;
  const following = followVersions({
    database,
    log,
    tell: (line) => told.push(line),
    follow: () => ({ close: async () => undefined }),
    serve: () => looks++,
  });
  try {
    await waitFor(() => looks >= 2, { what: 'a second look' });
    expect(told).toEqual([expect.stringContaining('`parley projections rebuild --promote`')]);
  } finally {
    await following.close();
  }
});
