import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY, TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { type ServiceProcess, startService } from '@parley/infra/testing/service-process';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openVault } from '@parley/infra/vault/open-vault';
import { readStoredValue } from '@parley/infra/vault/stored-value';
import { openVaultStream, type VaultStream } from '@parley/infra/vault/vault-stream';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Made before each kill, so that something is always left to be done. */
const BUCKETS = 100;

let environment: TestEnvironment;
let nats: NatsConnection;
let stream: VaultStream;
let projector: ServiceProcess | undefined;

beforeAll(async () => {
  environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  nats = await connectNats(environment.natsUrl, 'killed-spec');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
  stream = openVaultStream(nats, await jetstreamManager(nats));
});
afterAll(async () => {
  await projector?.end('SIGKILL');
  await nats?.close();
  await environment?.dispose();
});

const start = async () => {
  projector = await startService('projector', {
    NATS_URL: environment.natsUrl,
    DATABASE_URL: environment.databaseUrl,
    REDIS_URL: environment.redisUrl,
    PARLEY_PARTITIONS: '1',
    PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
    PARLEY_LOG_LEVEL: 'silent',
  });
  return projector;
};

/** Secrets of buckets that are there, and how many values are not the newest of their name. */
async function left(): Promise<{ secrets: number; superseded: number }> {
  const newest = new Map<string, boolean>();
  for await (const batch of stream.values('bucket.*'))
    for (const { name, data } of batch) newest.set(name, readStoredValue(data)?.tag === 'wrapped');
  const secrets = [...newest.values()].filter((isThere) => isThere).length;
  return { secrets, superseded: await stream.superseded() };
}

it('destroys everything that was overdue when it starts, however often it is killed on the way', async () => {
  const vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
  const ended = Math.floor(Date.now() / 1_000) - 3_600;
  for (let kills = 0; kills < 3; kills++) {
    const { secrets: rest } = await left();
    for (let n = 0; n < BUCKETS; n++)
      await vault.seal(
        { conversationId: 'den', seq: 2, author: 'ann' },
        `t1-${ended + kills * BUCKETS + n}`,
        '{}',
      );
    const { secrets: before } = await left();
    expect(before).toBe(rest + BUCKETS);
    const killed = await start();
    await waitFor(async () => (await left()).secrets < before, {
      what: 'some to be destroyed',
      timeout: 30_000,
    });
    await killed.end('SIGKILL');
  }
  await vault.close();
  await start();
  await waitFor(
    async () => {
      const { secrets, superseded } = await left();
      return secrets + superseded === 0;
    },
    { what: 'the rest', timeout: 30_000 },
  );
}, 120_000);
