import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { closeBody } from '@parley/domain/conversation/body';
import type { BodyPlace } from '@parley/domain/sealing/closed';
import { isLeft } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopology } from '../log/topology.js';
import { connectNats } from '../runtime/connect-nats.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { openVault } from './open-vault.js';
import type { Vault } from './vault.js';

let environment: TestEnvironment;
let nats: NatsConnection;
const masterKeys = [randomBytes(32)];
const opened: Vault[] = [];

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
});
afterAll(async () => {
  for (const vault of opened) await vault.close();
  await nats?.close();
  await environment?.dispose();
});

async function aVault(line: NatsConnection = nats, keys: readonly Uint8Array[] = masterKeys): Promise<Vault> {
  const vault = await openVault({ nats: line, masterKeys: keys });
  opened.push(vault);
  return vault;
}

let next = 0;
const aPlace = (place: Partial<BodyPlace> = {}): BodyPlace => {
  const n = next++;
  return { conversationId: `c${n}`, seq: 5, author: `u${n}`, ...place };
};

const MONTH = 'm2026-11';
const hello = '{"kind":"text","text":"hello"}';

async function sealed(vault: Vault, place: BodyPlace, bucket: string = MONTH, json = hello): Promise<string> {
  const opaque = await vault.seal(place, bucket, json);
  if (isLeft(opaque)) throw new Error(JSON.stringify(opaque.left));
  return opaque.right;
}

describe('sealing', () => {
  it('makes the secrets that are missing, and another process opens what was sealed', async () => {
    const [one, other] = [await aVault(), await aVault()];
    const place = aPlace();
    const opaque = await sealed(one, place);
    expect(opaque).toMatch(/^s1\.m2026-11\.[\w-]+$/);
    expect(opaque).not.toContain('hello');
    expect(one.openNow({ place, opaque })).toEqual({ tag: 'open', json: hello });
    expect(other.openNow({ place, opaque })).toBeUndefined();
    expect(await other.open([{ place, opaque }])).toEqual([{ tag: 'open', json: hello }]);
    expect(other.openNow({ place, opaque })).toEqual({ tag: 'open', json: hello });
  });

  it('takes the secret of whoever was first, when several seal at once', async () => {
    const vaults = await Promise.all([1, 2, 3, 4].map(() => aVault()));
    const places = Array.from({ length: 20 }, () => aPlace());
    const bodies = await Promise.all(
      vaults.flatMap((vault) =>
        places.map(async (place) => ({ place, opaque: await sealed(vault, place, 't60-2000000040') })),
      ),
    );
    for (const vault of vaults)
      expect(await vault.open(bodies)).toEqual(bodies.map(() => ({ tag: 'open', json: hello })));
  });

  it('opens a body that never was sealed, and nothing of a scheme it does not know', async () => {
    const vault = await aVault();
    const body = closeBody({ kind: 'text', text: 'old' });
    expect(vault.openNow({ place: aPlace(), opaque: body })).toEqual({
      tag: 'open',
      json: '{"kind":"text","text":"old"}',
    });
    expect(vault.openNow({ place: aPlace(), opaque: 'e0.' })).toEqual({ tag: 'gone' });
    expect(vault.openNow({ place: aPlace(), opaque: 's1.nonsense.*.>.AAAA' })).toEqual({ tag: 'gone' });
  });

  it('opens a body nowhere but at its place', async () => {
    const vault = await aVault();
    const place = aPlace();
    const opaque = await sealed(vault, place);
    const elsewhere = aPlace();
    await sealed(vault, elsewhere);
    for (const wrong of [
      { ...place, seq: 6 },
      { ...place, author: elsewhere.author },
      { ...place, conversationId: elsewhere.conversationId },
    ])
      expect(await vault.open([{ place: wrong, opaque }])).toEqual([{ tag: 'gone' }]);
  });

  it('says gone of a body whose secrets nobody ever made', async () => {
    const place = aPlace();
    const opaque = await sealed(await aVault(), place);
    const stranger = aPlace();
    expect(await (await aVault()).open([{ place: stranger, opaque }])).toEqual([{ tag: 'gone' }]);
  });
});

describe('the master keys', () => {
  it('are refused when one in use is not among them, and the missing one and those given are named', async () => {
    await aVault();
    const stranger = aVault(nats, [randomBytes(32), randomBytes(32)]);
    await expect(stranger).rejects.toThrow(
      /^The vault is in use with the master key [0-9a-f]{16}, and PARLEY_MASTER_KEYS has only [0-9a-f]{16}, [0-9a-f]{16}: add/,
    );
  });

  it('may have a newer one: what the older wrapped is still opened', async () => {
    const place = aPlace();
    const told: string[] = [];
    const older = await openVault({ nats, masterKeys, onTrouble: (reason) => told.push(reason) });
    opened.push(older);
    const opaque = await sealed(older, place);
    const rotated = await aVault(nats, [randomBytes(40), ...masterKeys]);
    expect(await rotated.open([{ place, opaque }])).toEqual([{ tag: 'open', json: hello }]);
    // The newer is in use from now on.
    await expect(aVault()).rejects.toThrow(/in use with the master key/);

    // Who does not have it yet cannot use what it wraps, and says so once.
    const bodies = await Promise.all(
      [aPlace(), aPlace()].map(async (at) => ({ place: at, opaque: await sealed(rotated, at) })),
    );
    expect(await older.open(bodies)).toEqual([{ tag: 'locked' }, { tag: 'locked' }]);
    const refused = await older.seal({ ...place, author: bodies[0]?.place.author ?? '' }, MONTH, hello);
    expect(refused).toMatchObject({ left: { tag: 'Unavailable' } });
    expect(told).toEqual([
      expect.stringMatching(/ does not unwrap: it is wrapped by the master key \w{16}$/),
    ]);
  });
});
