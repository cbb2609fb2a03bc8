import { randomBytes } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isLeft } from 'fp-ts/lib/Either.js';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureTopology } from '../log/topology.js';
import { connectNats } from '../runtime/connect-nats.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { waitFor } from '../testing/wait-for.js';
import { destroySecrets } from './destroy-secrets.js';
import { keepHeldKey } from './keep-held-key.js';
import { masterKeysOf, wrapSecret } from './master-keys.js';
import { openVault } from './open-vault.js';
import { rewrapSecrets } from './rewrap-secrets.js';
import { useMasterKeys } from './use-master-keys.js';
import type { Vault } from './vault.js';
import { vaultStatus } from './vault-status.js';
import { type Entry, openVaultStream, type VaultStream } from './vault-stream.js';

let environment: TestEnvironment;
let nats: NatsConnection;
let stream: VaultStream;
let vault: Vault;
const [older, newer] = [randomBytes(32), randomBytes(32)];
const idOf = (key: Uint8Array): string => masterKeysOf([key]).newest.id;

beforeEach(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
  stream = openVaultStream(nats, await jetstreamManager(nats));
  vault = await openVault({ nats, masterKeys: [older] });
});
afterEach(async () => {
  await vault.close();
  await nats.close();
});
afterAll(() => environment?.dispose());

const hello = '{"kind":"text","text":"hello"}';

async function sealed(n: number, by: Vault = vault) {
  const place = { conversationId: `c${n}`, seq: 2, author: `u${n}` };
  const opaque = await by.seal(place, 'm2026-11', hello);
  if (isLeft(opaque)) throw new Error(JSON.stringify(opaque.left));
  return { place, opaque: opaque.right };
}

describe('wrapping again', () => {
  it('moves every secret to the newest key and retires the older, which nobody needs any more', async () => {
    const bodies = await Promise.all([1, 2, 3].map((n) => sealed(n)));
    await destroySecrets(stream, ['author.u3'], 'erased');
    const keys = masterKeysOf([newer, older]);
    await useMasterKeys(stream, keys);
    expect(await vaultStatus(stream)).toMatchObject({
      masterKeys: [
        { id: idOf(older), state: 'in use', secrets: 6 },
        { id: idOf(newer), state: 'in use', secrets: 0 },
      ],
      secrets: { bucket: 1, conversation: 3, author: 2, held: 0 },
      destroyed: { bucket: 0, conversation: 0, author: 1, held: 0 },
      superseded: 0,
    });
    let steps = 0;
    const done = await rewrapSecrets(stream, keys, {
      onStep: () => {
        steps++;
      },
    });
    expect(done).toEqual({ wrapped: 6, replaced: 0, unreadable: [], retired: [idOf(older)] });
    expect(steps).toBeGreaterThanOrEqual(9);
    expect(await vaultStatus(stream)).toMatchObject({
      masterKeys: expect.arrayContaining([
        { id: idOf(older), state: 'retired', secrets: 0 },
        { id: idOf(newer), state: 'in use', secrets: 6 },
      ]),
      superseded: 0,
    });
    const alone = await openVault({ nats, masterKeys: [newer] });
    expect((await alone.open(bodies)).map(({ tag }) => tag)).toEqual(['open', 'open', 'gone']);
    await alone.close();
    await expect(openVault({ nats, masterKeys: [older] })).rejects.toThrow(
      `The vault is in use with the master key ${idOf(newer)}`,
    );
    await expect(openVault({ nats, masterKeys: [older, newer] })).rejects.toThrow(
      `The newest of the master keys given, ${idOf(older)}, was retired`,
    );
    expect(await rewrapSecrets(stream, masterKeysOf([newer]))).toEqual({
      wrapped: 0,
      replaced: 0,
      unreadable: [],
      retired: [],
    });
  });

  it('goes on where it was broken off, also between the new value and the end of the old', async () => {
    const bodies = await Promise.all([1, 2, 3].map((n) => sealed(n)));
    const keys = masterKeysOf([newer, older]);
    // A run that died before it overwrote anything.
    const halfway: VaultStream = { ...stream, overwriteBefore: () => Promise.reject(new Error('killed')) };
    await expect(rewrapSecrets(halfway, keys)).rejects.toThrow('killed');
    expect(await stream.superseded()).toBeGreaterThan(0);
    await useMasterKeys(stream, keys);
    await rewrapSecrets(stream, keys);
    expect(await stream.superseded()).toBe(0);
    const alone = await openVault({ nats, masterKeys: [newer] });
    expect((await alone.open(bodies)).map(({ tag }) => tag)).toEqual(['open', 'open', 'open']);
    await alone.close();
  });

  it('stops a process that still wraps by the older key from making secrets', async () => {
    const body = await sealed(1);
    const keys = masterKeysOf([newer, older]);
    await useMasterKeys(stream, keys);
    await rewrapSecrets(stream, keys);
    await waitFor(
      async () => {
        const refused = await vault.seal({ ...body.place, author: `new${Math.random()}` }, 'm2026-11', hello);
        return isLeft(refused) && refused.left.tag === 'Unavailable';
      },
      { what: 'it to hear of it' },
    );
    // It goes on by what it knows.
    expect(vault.openNow(body)?.tag ?? 'open').toBe('open');
  });

  it('stops a process that still wraps by the older key from keeping held keys, which would go with it', async () => {
    const bucket = 't60-1767268800';
    const place = { conversationId: 'held', seq: 2, author: 'ann' };
    expect(isLeft(await vault.seal(place, bucket, hello))).toBe(false);
    const keys = masterKeysOf([newer, older]);
    await useMasterKeys(stream, keys);
    await rewrapSecrets(stream, keys);
    await expect(keepHeldKey(stream, masterKeysOf([older, newer]), bucket, 'held')).rejects.toThrow(
      `${idOf(older)} was retired`,
    );
    expect(await keepHeldKey(stream, keys, bucket, 'held')).toBe('kept');
    expect(await vaultStatus(stream)).toMatchObject({
      secrets: { held: 1 },
      masterKeys: expect.arrayContaining([{ id: idOf(older), state: 'retired', secrets: 0 }]),
    });
  });

  it('leaves what it cannot unwrap, names it, and retires nothing', async () => {
    await sealed(1);
    const foreign = wrapSecret(masterKeysOf([randomBytes(32)]).newest, 'author.x', Buffer.alloc(32));
    await stream.put('author.x', foreign, 0);
    expect(await rewrapSecrets(stream, masterKeysOf([newer, older]))).toMatchObject({
      unreadable: ['author.x'],
      retired: [],
    });
    expect(((await stream.newest('author.x')) as Entry).data).toEqual(new Uint8Array(foreign));
  });
});

describe('a master key that is lost', () => {
  it('takes its bodies with it, and conversations and people go on', async () => {
    const lost = await sealed(1);
    const keys = masterKeysOf([newer]);
    await expect(useMasterKeys(stream, keys)).rejects.toThrow('is in use with the master key');
    await useMasterKeys(stream, keys, idOf(older));
    expect(await rewrapSecrets(stream, keys, { lostKey: idOf(older) })).toEqual({
      wrapped: 0,
      replaced: 3,
      unreadable: [],
      retired: [idOf(older)],
    });
    const after = await openVault({ nats, masterKeys: [newer] });
    expect(await after.open([lost, await sealed(1, after)])).toEqual([
      { tag: 'gone' },
      { tag: 'open', json: hello },
    ]);
    await after.close();
  });
});

describe('the status', () => {
  it('counts buckets that are past and still have their secret', async () => {
    const end = Math.floor(Date.now() / 60_000) * 60;
    const past = `t60-${end}`;
    await vault.seal({ conversationId: 'c', seq: 1, author: 'a' }, past, hello);
    await vault.seal({ conversationId: 'c', seq: 2, author: 'a' }, 't60-4000000020', hello);
    expect((await vaultStatus(stream)).overdue).toEqual({ buckets: 1, since: end * 1_000 });
    await destroySecrets(stream, [`bucket.${past}`], 'expired');
    expect((await vaultStatus(stream)).overdue).toEqual({ buckets: 0 });
  });
});
