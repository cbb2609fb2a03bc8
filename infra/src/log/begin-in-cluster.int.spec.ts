import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../runtime/connect-nats.js';
import { TEST_MASTER_KEY } from '../testing/master-key.js';
import { type NatsCluster, startNatsCluster } from '../testing/nats-cluster.js';
import { openVault } from '../vault/open-vault.js';
import type { Vault } from '../vault/vault.js';
import { ensureTopology } from './topology.js';

const SERVICES = 6;

/** A cluster refuses otherwise than one broker does, and its copies do not have all at the same moment. */
describe('a log of three copies', () => {
  let directory: string;
  let cluster: NatsCluster;
  let connections: readonly NatsConnection[] = [];
  let vaults: readonly Vault[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-test-cluster-'));
    cluster = await startNatsCluster(directory);
    const services = Array.from({ length: SERVICES }, (_, n) => `service-${n}`);
    connections = await Promise.all(services.map((name) => connectNats(cluster.url, name)));
  });
  afterAll(async () => {
    await Promise.all(vaults.map((vault) => vault.close()));
    await Promise.all(connections.map((nats) => nats.close()));
    await cluster?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('is begun by services that start together', async () => {
    vaults = await Promise.all(
      connections.map(async (nats) => {
        await ensureTopology(nats, { partitions: 2, replicas: 3 });
        return openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
      }),
    );
  });

  it('has one secret for services that need it first at the same moment', async () => {
    for (let round = 0; round < 20; round++) {
      const [conversationId, bucket] = [`c${round}`, `t60-${2_000_000_040 + 60 * round}`];
      const places = vaults.map((_, n) => ({ conversationId, author: `u${round}`, seq: n + 1 }));
      const sealed = await Promise.all(
        vaults.map((vault, n) => vault.seal(places[n] as (typeof places)[number], bucket, `${n}`)),
      );
      const closed = sealed.map((opaque, n) => {
        if (!isRight(opaque)) throw new Error(`service ${n}: ${JSON.stringify(opaque.left)}`);
        return { place: places[n] as (typeof places)[number], opaque: opaque.right };
      });
      for (const vault of vaults)
        expect(await vault.open(closed)).toEqual(vaults.map((_, n) => ({ tag: 'open', json: `${n}` })));
    }
  });
});
