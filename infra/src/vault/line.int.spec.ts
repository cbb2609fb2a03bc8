import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopology } from '../log/topology.js';
import { connectNats } from '../runtime/connect-nats.js';
import { openBreakableLine } from '../testing/breakable-line.js';
import { TEST_MASTER_KEY } from '../testing/master-key.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { waitFor } from '../testing/wait-for.js';
import { destroySecrets } from './destroy-secrets.js';
import { masterKeysOf } from './master-keys.js';
import { masterName } from './names.js';
import { openVault } from './open-vault.js';
import { markerValue } from './stored-value.js';
import type { Vault } from './vault.js';
import { openVaultStream } from './vault-stream.js';

let environment: TestEnvironment;
let whole: NatsConnection;
let line: Awaited<ReturnType<typeof openBreakableLine>>;
let breakable: NatsConnection;
let vault: Vault;

beforeAll(async () => {
  environment = await testEnvironment();
  whole = await connectNats(environment.natsUrl, 'whole');
  await ensureTopology(whole, { partitions: 1, replicas: 1 });
  line = await openBreakableLine(environment.natsUrl);
  breakable = await connectNats(line.url, 'breakable');
  vault = await openVault({ nats: breakable, masterKeys: [TEST_MASTER_KEY] });
});
afterAll(async () => {
  await vault?.close();
  await breakable?.close();
  line?.close();
  await whole?.close();
  await environment?.dispose();
});

const hello = '{"kind":"text","text":"hello"}';
const place = { conversationId: 'c', seq: 2, author: 'ann' };

async function sealed(author: string) {
  const opaque = await vault.seal({ ...place, author }, 'm2026-11', hello);
  if (isLeft(opaque)) throw new Error(JSON.stringify(opaque.left));
  return { place: { ...place, author }, opaque: opaque.right };
}

describe('a vault whose line is cut', () => {
  it('opens and seals nothing, and has heard nothing when it is back: so it begins anew', async () => {
    const [kept, destroyed] = [await sealed('ann'), await sealed('bob')];
    expect(await vault.open([kept, destroyed])).toEqual([
      { tag: 'open', json: hello },
      { tag: 'open', json: hello },
    ]);

    line.cut();
    await waitFor(() => vault.openNow(kept)?.tag === 'locked', { what: 'the cut to be seen' });
    expect(await vault.open([kept, destroyed])).toEqual([{ tag: 'locked' }, { tag: 'locked' }]);
    const refused = await vault.seal(place, 'm2026-11', hello);
    expect(refused).toMatchObject({ left: { tag: 'Unavailable' } });
    // A body that never was sealed needs no vault.
    expect(vault.openNow({ place, opaque: 'p0.{}' })).toEqual({ tag: 'open', json: '{}' });

    const stream = openVaultStream(whole, await jetstreamManager(whole));
    await destroySecrets(stream, ['author.bob'], 'erased');
    line.mend();
    await waitFor(async () => (await vault.open([kept]))[0]?.tag === 'open', { what: 'the line' });
    expect(await vault.open([kept, destroyed])).toEqual([{ tag: 'open', json: hello }, { tag: 'gone' }]);
    expect(isRight(await vault.seal(place, 'm2026-11', hello))).toBe(true);
  });

  it('answers questions that were under way, and does not leave them waiting', async () => {
    const stranger = await openVault({ nats: whole, masterKeys: [TEST_MASTER_KEY] });
    const bodies = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const there = { ...place, author: `u${n}` };
        const opaque = await stranger.seal(there, 'm2026-11', hello);
        return { place: there, opaque: isLeft(opaque) ? '' : opaque.right };
      }),
    );
    const answers = bodies.map((each) => vault.open([each]));
    const seals = bodies.map((each) =>
      vault.seal({ ...each.place, conversationId: 'other' }, 'm2026-11', hello),
    );
    line.cut();
    for (const [opened] of await Promise.all(answers)) expect(['open', 'locked']).toContain(opened?.tag);
    for (const refused of await Promise.all(seals))
      if (isLeft(refused)) expect(refused.left.tag).toBe('Unavailable');
    line.mend();
    await waitFor(async () => (await vault.open(bodies)).every(({ tag }) => tag === 'open'), {
      what: 'the line',
    });
    await stranger.close();
  });

  it('opens nothing any more once it is closed', async () => {
    const closed = await openVault({ nats: whole, masterKeys: [TEST_MASTER_KEY] });
    const body = await sealed('ann');
    expect(await closed.open([body])).toEqual([{ tag: 'open', json: hello }]);
    await closed.close();
    expect(await closed.open([body])).toEqual([{ tag: 'locked' }]);
    expect(await closed.seal(place, 'm2026-11', hello)).toMatchObject({ left: { tag: 'Unavailable' } });
  });

  it('finds out that its master key was retired meanwhile', async () => {
    const fresh = { ...place, author: 'nobody-knows-me' };
    const name = masterName(masterKeysOf([TEST_MASTER_KEY]).newest.id);
    const stream = openVaultStream(whole, await jetstreamManager(whole));
    const inUse = await stream.newest(name);
    line.cut();
    await waitFor(async () => isLeft(await vault.seal(fresh, 'm2026-11', hello)), { what: 'the cut' });
    await stream.put(name, markerValue({ at: 1, why: 'retired' }), inUse?.revision ?? 0);
    line.mend();
    const known = await waitFor(async () => isRight(await vault.seal(place, 'm2026-11', hello)), {
      what: 'the line',
    });
    expect(known).toBe(true);
    await waitFor(
      async () => isLeft(await vault.seal({ ...fresh, author: `u${Math.random()}` }, 'm2026-11', hello)),
      { what: 'it to make no secrets' },
    );
  });
});
