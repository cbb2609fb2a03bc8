import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BodyPlace, Closed } from '@parley/domain/sealing/closed';
import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgetHome } from '../embedded/forget-home.js';
import { type Stack, startStack } from '../embedded/stack.js';
import { ensureTopology } from '../log/topology.js';
import { connectNats } from '../runtime/connect-nats.js';
import { waitFor } from '../testing/wait-for.js';
import { destroySecrets, finishDestroying } from './destroy-secrets.js';
import { forgetMarkers } from './forget-markers.js';
import { keepHeldKey } from './keep-held-key.js';
import { masterKeysOf } from './master-keys.js';
import { openVault } from './open-vault.js';
import { openSecretCache } from './secret-cache.js';
import { openSecretKeeper } from './secret-keeper.js';
import { markerValue } from './stored-value.js';
import type { SecretName, Vault } from './vault.js';
import { type Entry, openVaultStream, type VaultStream } from './vault-stream.js';

/** On a broker of its own, because it is stopped, and because its files are looked into. */
let home: string;
let stack: Stack;
let nats: NatsConnection;
let stream: VaultStream;
const masterKeys = [randomBytes(32)];
const opened: Vault[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-vault-'));
  stack = await startStack({ home, syncAlways: false, useEnvironment: false });
  nats = await connectNats(stack.nats, 'test');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
  stream = openVaultStream(nats, await jetstreamManager(nats));
});
afterAll(async () => {
  for (const vault of opened) await vault.close();
  await nats?.close();
  await stack?.stop();
  await forgetHome(home);
});

async function aVault(): Promise<Vault> {
  const vault = await openVault({ nats, masterKeys });
  opened.push(vault);
  return vault;
}

let next = 0;
const aPlace = (): BodyPlace => ({ conversationId: `c${next}`, seq: 5, author: `u${next++}` });
const aBucket = (): string => `t60-${2_000_000_040 + 60 * next++}`;
const hello = '{"kind":"text","text":"hello"}';

async function sealed(vault: Vault, place: BodyPlace, bucket: string): Promise<string> {
  const opaque = await vault.seal(place, bucket, hello);
  if (isLeft(opaque)) throw new Error(JSON.stringify(opaque.left));
  return opaque.right;
}

const namesOf = ({ conversationId, author }: BodyPlace, bucket: string): readonly SecretName[] => [
  `bucket.${bucket}`,
  `conversation.${conversationId}`,
  `author.${author}`,
];

const storedUnder = async (name: SecretName): Promise<Buffer> =>
  Buffer.from(((await stream.newest(name)) as Entry).data);

/** Whether any file of the broker has these bytes. */
async function isOnDisk(bytes: Buffer): Promise<boolean> {
  const root = join(home, 'nats');
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    if ((await readFile(join(entry.parentPath, entry.name))).includes(bytes)) return true;
  }
  return false;
}

describe.each(['bucket', 'conversation', 'author'] as const)('destroying the secret of a %s', (kind) => {
  it('closes its bodies in every process, at once and for good, and refuses more', async () => {
    const [one, other] = [await aVault(), await aVault()];
    const [place, bucket] = [aPlace(), aBucket()];
    const name = namesOf(place, bucket).find((each) => each.startsWith(kind)) as SecretName;
    const body = { place, opaque: await sealed(one, place, bucket) };
    expect(await other.open([body])).toEqual([{ tag: 'open', json: hello }]);

    const [destroyed] = await destroySecrets(stream, [name], 'expired');
    expect(destroyed).toMatchObject({ name, why: 'expired', overwritten: 1 });
    for (const vault of [one, other])
      await waitFor(async () => (await vault.open([body]))[0]?.tag === 'gone', {
        what: 'the marker to be heard',
      });
    const refused = await other.seal(place, bucket, hello);
    const tag = { bucket: 'LifeNotAllowed', conversation: 'ConversationNotFound', author: 'PersonErased' };
    expect(refused).toMatchObject({ left: { tag: tag[kind] } });
    // Nor in one that starts later.
    const late = await aVault();
    expect(await late.open([body])).toEqual([{ tag: 'gone' }]);
    expect(await late.seal(place, bucket, hello)).toMatchObject({ left: { tag: tag[kind] } });
  });
});

describe('a destroyed secret', () => {
  it('is in no file of the broker any more, also after it is started again', async () => {
    const vault = await aVault();
    const [place, bucket] = [aPlace(), aBucket()];
    const body = { place, opaque: await sealed(vault, place, bucket) };
    const names = namesOf(place, bucket);
    const values = await Promise.all(names.map(storedUnder));
    for (const value of values) await waitFor(() => isOnDisk(value), { what: 'the secret on disk' });
    await destroySecrets(stream, names.slice(0, 1), 'expired');
    expect(await Promise.all(values.map(isOnDisk))).toEqual([false, true, true]);

    await stack.stopServer('nats');
    await stack.startServer('nats');
    const again = await waitFor(() => destroySecrets(stream, names, 'erased'), { what: 'the broker' });
    expect(again.map(({ why, overwritten }) => [why, overwritten])).toEqual([
      ['expired', 0],
      ['erased', 1],
      ['erased', 1],
    ]);
    expect(await Promise.all(values.map(isOnDisk))).toEqual([false, false, false]);
    expect(await vault.open([body])).toEqual([{ tag: 'gone' }]);
  });

  it('is finished by whoever comes next, when its destroyer died after the marker', async () => {
    const vault = await aVault();
    const [first, second] = [
      { place: aPlace(), bucket: aBucket() },
      { place: aPlace(), bucket: aBucket() },
    ];
    for (const { place, bucket } of [first, second]) await sealed(vault, place, bucket);
    const names = [`bucket.${first.bucket}`, `bucket.${second.bucket}`] as const;
    const values = await Promise.all(names.map(storedUnder));
    for (const name of names) {
      const newest = (await stream.newest(name)) as Entry;
      await stream.put(name, markerValue({ at: 1, why: 'expired' }), newest.revision);
    }
    expect(await destroySecrets(stream, [names[0]], 'again')).toMatchObject([{ at: 1, overwritten: 1 }]);
    expect(await finishDestroying(stream)).toMatchObject([{ name: names[1], at: 1, overwritten: 1 }]);
    expect(await finishDestroying(stream)).toEqual([]);
    expect(await stream.superseded()).toBe(0);
    expect(await Promise.all(values.map(isOnDisk))).toEqual([false, false]);
  });

  it('is never made, where there was none', async () => {
    const place = aPlace();
    await destroySecrets(stream, [`conversation.${place.conversationId}`], 'erased');
    expect(await (await aVault()).seal(place, aBucket(), hello)).toMatchObject({
      left: { tag: 'ConversationNotFound' },
    });
  });

  it('does not come back by an answer that was on its way when the marker came', async () => {
    const [place, bucket] = [aPlace(), aBucket()];
    await sealed(await aVault(), place, bucket);
    const names = namesOf(place, bucket);
    const gates: (() => void)[] = [];
    const slow: VaultStream = {
      ...stream,
      newestOf: async (asked) => {
        const answer = await stream.newestOf(asked);
        await new Promise<void>((resolve) => gates.push(resolve));
        return answer;
      },
    };
    // So small that what it heard is forgotten while it waits.
    const cache = openSecretCache({ maxSecrets: 2, maxKeys: 1 });
    const heard: string[] = [];
    const keeper = await openSecretKeeper({
      nats,
      vault: slow,
      masterKeys: masterKeysOf(masterKeys),
      cache: {
        ...cache,
        learnGone(name) {
          heard.push(name);
          cache.learnGone(name);
        },
      },
      onTrouble: () => undefined,
    });
    const reading = keeper.read(names.slice(1, 2));
    await waitFor(() => gates.length === 1, { what: 'the answer' });
    const others = [aPlace(), aPlace(), aPlace()].map(({ author }): SecretName => `author.${author}`);
    // Of what is destroyed at once any marker may come first, and the newest are the ones that are remembered.
    for (const some of [names.slice(1, 2), others]) await destroySecrets(stream, some, 'erased');
    await waitFor(() => heard.length === 4, { what: 'the markers' });
    expect(cache.find(names[1] as SecretName)).toBeUndefined();
    gates[0]?.();
    expect([...(await reading)]).toEqual([[names[1], 'gone']]);
    expect(cache.find(names[1] as SecretName)?.tag).not.toBe('here');
    keeper.close();
  });
});

describe('a bucket that is long past', () => {
  it('needs no marker: its bodies are gone, but for those that are held', async () => {
    const day = 86_400;
    const end = Math.floor(Date.now() / 1_000 / day) * day - 9 * day;
    const [old, recent] = [`t1-${end}`, `t1-${end + 5 * day}`];
    const keys = masterKeysOf(masterKeys);
    const [held, other] = [aPlace(), aPlace()];
    const vault = await aVault();
    const bodies: Closed[] = [];
    for (const place of [held, other])
      for (const bucket of [old, recent]) bodies.push({ place, opaque: await sealed(vault, place, bucket) });
    await keepHeldKey(stream, keys, old, held.conversationId);
    await destroySecrets(stream, [`bucket.${old}`, `bucket.${recent}`], 'expired');
    expect(await forgetMarkers(stream, Date.now())).toBe(1);
    expect(await forgetMarkers(stream, Date.now())).toBe(0);
    expect(await stream.newest(`bucket.${old}`)).toBeUndefined();
    expect(await stream.newest(`bucket.${recent}`)).toBeDefined();
    const late = await aVault();
    expect((await late.open(bodies)).map(({ tag }) => tag)).toEqual(['open', 'gone', 'gone', 'gone']);
  });
});

describe('the key that is held of a bucket', () => {
  it('opens the bodies of its conversation when the bucket is destroyed, and no others, and seals none', async () => {
    const vault = await aVault();
    const bucket = aBucket();
    const [held, other] = [aPlace(), aPlace()];
    const bodies = [
      { place: held, opaque: await sealed(vault, held, bucket) },
      { place: other, opaque: await sealed(vault, other, bucket) },
    ];
    const keys = masterKeysOf(masterKeys);
    expect(await keepHeldKey(stream, keys, bucket, held.conversationId)).toBe('kept');
    expect(await keepHeldKey(stream, keys, bucket, held.conversationId)).toBe('kept');
    expect(await keepHeldKey(stream, keys, bucket, 'nothing-in-it')).toBe('none');
    await destroySecrets(stream, [`bucket.${bucket}`], 'expired');
    expect(await keepHeldKey(stream, keys, bucket, other.conversationId)).toBe('gone');

    for (const each of [vault, await aVault()]) {
      await waitFor(async () => (await each.open(bodies))[1]?.tag === 'gone', { what: 'the marker' });
      expect(await each.open(bodies)).toEqual([{ tag: 'open', json: hello }, { tag: 'gone' }]);
      expect(isRight(await each.seal(held, bucket, hello))).toBe(false);
    }
    await destroySecrets(stream, [`held.${bucket}.${held.conversationId}`], 'released');
    await waitFor(() => vault.openNow(bodies[0] as never)?.tag === 'gone', { what: 'the marker' });
    expect(await vault.open(bodies)).toEqual([{ tag: 'gone' }, { tag: 'gone' }]);
  });

  it('closes with the secret of its author', async () => {
    const vault = await aVault();
    const [bucket, place] = [aBucket(), aPlace()];
    const body = { place, opaque: await sealed(vault, place, bucket) };
    await keepHeldKey(stream, masterKeysOf(masterKeys), bucket, place.conversationId);
    await destroySecrets(stream, [`bucket.${bucket}`], 'expired');
    await waitFor(async () => (await vault.open([body]))[0]?.tag === 'open', { what: 'the held key' });
    await destroySecrets(stream, [`author.${place.author}`], 'erased');
    await waitFor(() => vault.openNow(body)?.tag === 'gone', { what: 'the marker' });
  });
});
