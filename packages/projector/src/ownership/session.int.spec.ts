import { migrate } from '@parley/infra/read-model/migrate';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from './session.js';

let environment: TestEnvironment;
let session: Session;

beforeAll(async () => {
  environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  session = await openSession(environment.databaseUrl, 'session-spec');
});
afterAll(async () => {
  await session.end();
  await environment.dispose();
});

describe('a session of a projector', () => {
  it('reads the few rows of a table without an index, and compiles nothing for it', async () => {
    const { rows } = await session.client.query<{ 'QUERY PLAN': readonly [{ Plan: object; JIT?: object }] }>(
      `explain (analyze, format json) select model from parley.version where 'rm_' || version = 'rm_1'`,
    );
    const explained = rows[0]?.['QUERY PLAN'][0];
    expect(explained?.Plan).toMatchObject({ 'Node Type': 'Seq Scan', 'Actual Rows': 1 });
    expect(explained).not.toHaveProperty('JIT');
  });
});
