import { jetstreamManager } from '@nats-io/jetstream';
import { openBodyJson } from '@parley/domain/conversation/body';
import type { Envelope } from '@parley/domain/log/envelope';
import { bucketOf } from '@parley/domain/sealing/bucket';
import { closedIn, withClosed } from '@parley/domain/sealing/closed';
import { endOf } from '@parley/domain/wire/past-its-life';
import * as E from 'fp-ts/lib/Either.js';
import { openPublishWindow } from '../log/publish-window.js';
import { ensureTopology } from '../log/topology.js';
import { connectNats } from '../runtime/connect-nats.js';
import { openVault } from '../vault/open-vault.js';
import { openVaultStream } from '../vault/vault-stream.js';
import { storeLog } from './store-log.js';
import { testEnvironment } from './test-environment.js';

/** A log and a vault with keys of their own, to take conversations out of and into. */
export async function openTransferStack(partitions: number, key: number) {
  const environment = await testEnvironment();
  const nats = await connectNats(environment.natsUrl, 'transfer');
  await ensureTopology(nats, { partitions, replicas: 1 });
  const jsm = await jetstreamManager(nats);
  const vault = await openVault({ nats, masterKeys: [Buffer.alloc(32, key)] });
  const window = openPublishWindow(nats);
  const vaultStream = openVaultStream(nats, jsm);
  const banKey = Buffer.alloc(16, key);
  return {
    environment,
    nats,
    jsm,
    vault,
    window,
    vaultStream,
    banKey,
    partitions,
    now: Date.now,
    /** Stores events, what they say sealed here. */
    async store(events: readonly Envelope[]): Promise<void> {
      await storeLog(nats, await Promise.all(events.map(sealed)), partitions);
    },
    async close() {
      window.close();
      await vault.close();
      await nats.close();
      await environment.dispose();
    },
  };

  async function sealed(event: Envelope): Promise<Envelope> {
    const closed = closedIn(event);
    const json = closed && openBodyJson(closed.opaque);
    if (closed === undefined || json === undefined) return event;
    const opaque = await vault.seal(closed.place, bucketOf(event.at, endOf(event)), json);
    if (E.isLeft(opaque)) throw new Error(opaque.left.tag);
    return withClosed(event, opaque.right);
  }
}

export type TransferStack = Awaited<ReturnType<typeof openTransferStack>>;
