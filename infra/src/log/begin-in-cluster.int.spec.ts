import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../runtime/connect-nats.js';
import { TEST_MASTER_KEY } from '../testing/master-key.js';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.js';
import { masterKeysOf } from '../vault/master-keys.js';
import { useMasterKeys } from '../vault/use-master-keys.js';
import { openVaultStream, type VaultStream } from '../vault/vault-stream.js';
import { ensureTopology } from './topology.js';

const SERVICES = 6;

/** A cluster refuses otherwise than one broker does, and its copies do not have all at the same moment. */
describe('a log of three copies', () => {
  let directory: string;
  let cluster: NatsCluster;
  let connections: readonly NatsConnection[];
  let vaults: readonly VaultStream[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-test-cluster-'));
    cluster = await startNatsCluster(directory);
    connections = await Promise.all(
      Array.from({ length: SERVICES }, (_, n) => connectNats(cluster.url, `service-${n}`)),
    );
    vaults = await Promise.all(
      connections.map(async (nats) => openVaultStream(nats, await jetstreamManager(nats))),
    );
  });
  afterAll(async () => {
    await Promise.all(connections?.map((nats) => nats.close()) ?? []);
    await cluster?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('is begun by services that start together', async () => {
    const masterKeys = masterKeysOf([TEST_MASTER_KEY]);
    await Promise.all(
      connections.map(async (nats, n) => {
        await ensureTopology(nats, { partitions: 2, replicas: 3 });
        await useMasterKeys(vaults[n] as VaultStream, masterKeys);
      }),
    );
  });

  it('takes of values that are put at once the first, and tells the others so', async () => {
    for (let round = 0; round < 20; round++) {
      const put = await Promise.all(vaults.map((vault, n) => vault.put(`test.${round}`, Buffer.of(n), 0)));
      expect(put.filter((revision) => revision !== undefined)).toHaveLength(1);
    }
  });
});
