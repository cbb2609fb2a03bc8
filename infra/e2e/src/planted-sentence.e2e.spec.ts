import { randomUUID } from 'node:crypto';
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connect } from '@parley/client/parley-client';
import { bucketEnd } from '@parley/domain/sealing/bucket';
import { readSealedText } from '@parley/domain/sealing/sealed-text';
import { consumeBatches } from '@parley/infra/log/consume';
import { streamName } from '@parley/infra/log/subjects';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { ownServers } from '@parley/infra/testing/own-servers';
import { SYSTEM_PARTITIONS, type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import type { TestEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openVault } from '@parley/infra/vault/open-vault';
import { readStoredValue } from '@parley/infra/vault/stored-value';
import type { Vault } from '@parley/infra/vault/vault';
import { openVaultStream } from '@parley/infra/vault/vault-stream';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesWith, openedOf, sealedIn } from './copies.js';

/** Life of the messages, in s: long enough for a backup to be taken and looked at before it is over. */
const LIFE = 20;

const STORES = ['nats', 'postgres', 'redis'] as const;

let servers: TestEnvironment;
let backup: string;
let system: SystemProcesses;
let nats: NatsConnection;

beforeAll(async () => {
  backup = await mkdtemp(join(tmpdir(), 'parley-backup-'));
  servers = await ownServers();
  system = await startSystem(servers, [], undefined, { PARLEY_LOG_LEVEL: 'warn' });
  nats = await connectNats(servers.natsUrl, 'planted-sentence');
});
afterAll(async () => {
  await nats?.close();
  await system?.stop();
  await servers?.dispose();
  await rm(backup, { recursive: true, force: true });
});

/** Has Redis, which keeps nothing on disk here, write everything it has, as it is, and again whenever it changes. */
async function persistRedis(): Promise<void> {
  const redis = new Redis(servers.redisUrl);
  await redis.config('SET', 'rdbcompression', 'no');
  await redis.config('SET', 'appendonly', 'yes');
  await redis.save();
  redis.disconnect();
}

async function inDatabase(statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client(servers.databaseUrl);
  await client.connect();
  return client.query(statement).finally(() => client.end());
}

/** Where the servers keep their data: of NATS without the vault, which is never backed up together with the rest. */
const directoryOf = async (store: (typeof STORES)[number]): Promise<string> =>
  realpath(join(servers.home, store));

async function takeBackup(): Promise<void> {
  await persistRedis();
  await inDatabase('checkpoint');
  for (const store of STORES) {
    const from = await directoryOf(store);
    // A running server renames and removes files meanwhile; what was there at any time is copied.
    await cp(from, join(backup, store), { recursive: true, filter: (path) => !path.includes('KV_VAULT') });
  }
  const events: string[] = [];
  for (let partition = 0; partition < SYSTEM_PARTITIONS; partition++) {
    const js = (await jetstreamManager(nats)).jetstream();
    for await (const batch of consumeBatches(js, streamName(partition), 0, { follow: false }))
      events.push(...batch.map(({ bytes }) => Buffer.from(bytes).toString('utf8')));
  }
  await mkdir(join(backup, 'export'));
  await writeFile(join(backup, 'export', 'log.ndjson'), events.join('\n'));
  const { rows } = await inDatabase('select * from rm_1.message');
  await writeFile(join(backup, 'export', 'rows.json'), JSON.stringify(rows));
}

it('leaves nothing of a message whose life is over: not on the servers, not in a backup made before', {
  timeout: 400_000,
}, async () => {
  const id = `g-${randomUUID()}`;
  const word = randomUUID();
  const sentences = [`the heron 🪶 comes at dusk ${word}`, `no: the heron 🪶 comes at dawn ${word}`] as const;
  const ann = await connect({ url: system.ws, token: await system.token('ann'), device: 'd1' });
  const bob = await connect({ url: system.ws, token: await system.token('bob'), device: 'd1' });
  await ann.call('conversation.create', { conversationId: id, kind: 'group', members: ['bob'] });
  const planted = await ann.call('message.send', {
    conversationId: id,
    body: { kind: 'text', text: sentences[0] },
    ttl: LIFE,
  });
  // Edited in the batch that sent it, it would never be in the files of the database.
  await waitFor(async () => (await inDatabase('select from rm_1.message')).rowCount === 1, {
    what: 'the row of the message',
  });
  await bob.call('message.react', { conversationId: id, seq: planted.seq, emoji: '🪶' });
  const { seq } = await ann.call('message.edit', {
    conversationId: id,
    seq: planted.seq,
    body: { kind: 'text', text: sentences[1] },
  });
  const kept = await ann.send(id, { text: `the owl stays ${word}` });
  const places = [planted.seq, kept.seq].map((each) => ({ conversationId: id, seq: each, author: 'ann' }));
  await bob.messages(id, { minSeq: kept.seq });
  expect(seq).toBeLessThan(kept.seq);

  await takeBackup();
  const vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
  const textsOf = async (bodies: readonly string[], by: Vault) =>
    (await openedOf(by, bodies, places)).map((json) => (JSON.parse(json) as { text: string }).text);
  const sealedOf = (store: string) => sealedIn(join(backup, store));
  const copies = { log: await sealedOf('nats'), rows: await sealedOf('postgres') };
  const others = { cache: await sealedOf('redis'), exported: await sealedOf('export') };

  // Before: whoever has the backup and the vault reads everything, so what follows can fail.
  for (const bodies of [copies.log, copies.rows, others.exported])
    expect(await textsOf(bodies, vault)).toEqual(expect.arrayContaining([...sentences]));
  expect(await textsOf(others.cache, vault)).toContain(sentences[1]);
  const stream = openVaultStream(nats, await jetstreamManager(nats));
  const bodies = [...copies.log, ...copies.rows, ...others.cache, ...others.exported];
  const buckets = [...new Set(bodies.flatMap((body) => readSealedText(body)?.bucket ?? []))].filter(
    (bucket) => bucketEnd(bucket) !== undefined,
  );
  const stored = async (bucket: string) => {
    const newest = await stream.newest(`bucket.${bucket}`);
    return newest && readStoredValue(newest.data);
  };
  const wrapped = await Promise.all(
    buckets.map(async (bucket) => {
      const value = await stored(bucket);
      if (value?.tag !== 'wrapped')
        throw new Error(`there is no secret of ${bucket}: its time is over already`);
      return value.sealed;
    }),
  );
  expect(await filesWith([await directoryOf('nats')], wrapped)).toEqual([
    expect.stringContaining('KV_VAULT'),
  ]);
  expect(wrapped.length).toBeGreaterThan(0);

  // After: its time is over, and the buckets are destroyed.
  await waitFor(async () => (await bob.messages(id)).messages.length === 1, {
    what: 'the message to expire',
    timeout: 90_000,
  });
  const destroyed = async () =>
    (await Promise.all(buckets.map(stored))).every((each) => each?.tag === 'marker');
  await waitFor(destroyed, { what: 'the buckets to be destroyed', timeout: 30_000 });
  await waitFor(async () => (await stream.superseded()) === 0, { what: 'the secrets to be overwritten' });
  await persistRedis();
  await inDatabase('checkpoint');

  const live = await Promise.all(STORES.map(directoryOf));
  const said = [word, ...sentences].map((text) => Buffer.from(text));
  expect(await filesWith([servers.home, backup], [...said, ...wrapped])).toEqual([]);
  const left = [...bodies, ...(await Promise.all(live.map(sealedIn))).flat()];
  const fresh = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
  // What has no end still opens, so all this looked in the right places.
  for (const each of [vault, fresh]) expect(await textsOf(left, each)).toEqual([`the owl stays ${word}`]);

  await Promise.all([vault.close(), fresh.close()]);
  await Promise.all([ann.close(), bob.close()]);
});
