import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { consumeBatches } from '@parley/infra/log/consume';
import { streamName } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { readCheckpoint, type Share } from '@parley/projector/checkpoint';
import { openSession, type Session } from '@parley/projector/ownership/session';
import { projectBatch } from '@parley/projector/project-batch';
import { bigLog } from '@parley/projector/testing/big-log';
import { timeline } from '@parley/projector/timeline/projection';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
let nats: NatsConnection;
let session: Session;

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  session = await openSession(environment.databaseUrl, 'test');
});
afterAll(async () => {
  await session?.end();
  await nats?.close();
  await environment?.dispose();
});

const audit = (...flags: readonly string[]) =>
  runCli(['audit', ...flags], { NATS_URL: environment.natsUrl, DATABASE_URL: environment.databaseUrl });

async function project(partition: number): Promise<void> {
  const { client } = session;
  const share: Share = { projection: 'timeline', partition };
  for await (const batch of consumeBatches(jetstream(nats), streamName(partition), 0, { follow: false }))
    await projectBatch(
      { client, schema: 'rm_1', share },
      timeline,
      await readCheckpoint(client, 'rm_1', share),
      batch,
    );
}

describe('audit', () => {
  it('says what is missing: a log, a read model, a partition, a version', async () => {
    expect(await audit()).toMatchObject({
      code: exitCodes.noInput,
      err: expect.stringContaining('has no log of Parley'),
    });
    await ensureTopology(nats, { partitions: 2, replicas: 1 });
    expect(await audit()).toMatchObject({
      code: exitCodes.noInput,
      err: expect.stringContaining('has no read model of this release'),
    });
    expect(await audit('--log-only')).toMatchObject({ code: 0 });
    expect(await audit('--log-only', '--partition', '2')).toMatchObject({
      code: exitCodes.usage,
      err: expect.stringContaining('the log has the partitions 0 to 1'),
    });
    await migrate(environment.databaseUrl);
    expect(await audit('--version', '7')).toMatchObject({
      code: exitCodes.noInput,
      err: expect.stringContaining('there is no version 7'),
    });
    expect(await audit()).toMatchObject({ code: 0, out: expect.stringContaining('no rows yet') });
  });

  it('is equal, and not any more when the digest of a partition is another', async () => {
    await storeLog(nats, bigLog(30), 2);
    await project(0);
    await project(1);
    const equal = await audit();
    expect(equal).toMatchObject({ code: 0, out: expect.stringContaining('against rm_1') });
    expect(equal.out).not.toContain('not equal');

    await session.client.query(`update rm_1.checkpoint set digest = repeat('0', 32) where partition = 1`);
    expect(await audit('--partition', '0')).toMatchObject({ code: 0 });
    const { code, out, err } = await audit('--json');
    expect({ code, err }).toEqual({ code: exitCodes.unhealthy, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      against: 'rm_1',
      equal: false,
      partitions: [
        { stream: 'CONV_00', live: {} },
        { stream: 'CONV_01', live: { difference: { from: 1 } } },
      ],
    });
    expect(await audit()).toMatchObject({
      code: exitCodes.unhealthy,
      out: expect.stringContaining('the rows were made of other events'),
    });
  });
});
