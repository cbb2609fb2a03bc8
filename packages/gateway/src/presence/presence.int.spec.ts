import type { PresenceView } from '@parley/domain/wire/presence';
import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import { connectClient, type ForeignClient } from '@parley/infra/testing/foreign-client';
import { type ServiceProcess, startService } from '@parley/infra/testing/service-process';
import { redisUrlBeside } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fallBehind, gaugeOf } from '../testing/fall-behind.js';
import {
  type GatewayFixture,
  gatewayEnvironment,
  openGateway,
  openGatewayFixture,
  tokenOf,
} from '../testing/gateway-fixture.js';

import { BELIEVED_MS } from './watch.js';

let fixture: GatewayFixture;
let other: Awaited<ReturnType<typeof openGateway>>;
const clients: ForeignClient[] = [];
beforeAll(async () => {
  fixture = await openGatewayFixture();
  other = await openGateway(fixture.natsUrl);
});
afterAll(async () => {
  for (const client of clients) client.end();
  await other.stop();
  await fixture.close();
});

async function open(user: string, device = 'laptop', url = fixture.gateway.ws): Promise<ForeignClient> {
  const client = await connectClient(url);
  clients.push(client);
  const answer = await client.request('session.open', { token: await tokenOf(user, '1h', device), device });
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return client;
}

async function watch(client: ForeignClient, ...users: string[]): Promise<PresenceView[]> {
  const { result, error } = await client.request('presence.watch', { users });
  if (error !== undefined) throw new Error(error.message);
  return result?.people as PresenceView[];
}

const set = (client: ForeignClient, status: string) => client.request('presence.set', { status });

/** Everything told of a user since the snapshot, in order. */
const told = (client: ForeignClient, user: string): PresenceView[] =>
  client
    .notices('presence')
    .flatMap(({ people }) => (people as PresenceView[]).filter((each) => each.user === user));
const statuses = (client: ForeignClient, user: string) => told(client, user).map(({ status }) => status);

const hear = (client: ForeignClient, user: string, status: string, timeout = 15_000) =>
  waitFor(() => statuses(client, user).at(-1) === status, { what: `${user} to be ${status}`, timeout });

/** Until a watcher would be told so. */
const isKnownAs = (client: ForeignClient, user: string, status: string) =>
  waitFor(async () => (await watch(client, user))[0]?.status === status, { what: `${user} to be ${status}` });

/** Beside each other: they wait for graces and for silence to be long enough. */
describe.concurrent('presence', () => {
  it('is told from the snapshot on: coming, being away, invisible, back, and leaving with the time', async () => {
    await fixture.api.create('p-one', 'ann', 'bob');
    const ann = await open('ann');
    expect(await watch(ann, 'bob')).toEqual([{ user: 'bob', status: 'offline' }]);
    const bob = await open('bob', 'phone', other.ws);
    await hear(ann, 'bob', 'online');
    await set(bob, 'away');
    await hear(ann, 'bob', 'away');
    await set(bob, 'invisible');
    await hear(ann, 'bob', 'offline');
    await set(bob, 'online');
    await hear(ann, 'bob', 'online');
    const leftAt = Date.now();
    bob.end();
    await hear(ann, 'bob', 'offline');
    expect(Date.now() - leftAt).toBeGreaterThan(4_500);
    expect(Date.now() - leftAt).toBeLessThan(10_000);
    const [last] = told(ann, 'bob').slice(-1);
    expect(Math.abs((last?.lastSeenAt ?? 0) - leftAt)).toBeLessThan(1_000);
    expect(statuses(ann, 'bob')).toEqual(['online', 'away', 'offline', 'online', 'offline']);
    expect(await watch(ann, 'bob')).toEqual([last]);
  });

  it('is that of the most present device, wherever it is', async () => {
    await fixture.api.create('p-two', 'cat', 'dan');
    const cat = await open('cat');
    const phone = await open('dan', 'phone');
    const laptop = await open('dan', 'laptop', other.ws);
    await set(phone, 'away');
    await set(laptop, 'invisible');
    await isKnownAs(cat, 'dan', 'away');
    await set(laptop, 'online');
    await hear(cat, 'dan', 'online');
    laptop.end();
    await hear(cat, 'dan', 'away');
  });

  it('does not blink when a page is reloaded', async () => {
    await fixture.api.create('p-three', 'eve', 'fay');
    const eve = await open('eve');
    const fay = await open('fay');
    await isKnownAs(fay, 'fay', 'online');
    await isKnownAs(eve, 'fay', 'online');
    fay.end();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const again = await open('fay');
    // Longer than the grace: a change of ours that comes later tells that none came before.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await set(again, 'away');
    await hear(eve, 'fay', 'away');
    expect(statuses(eve, 'fay')).toEqual(['away']);
  });

  it('keeps a device invisible that comes back without having said so again', async () => {
    await fixture.api.create('p-four', 'gil', 'hal');
    const gil = await open('gil');
    await watch(gil, 'hal');
    const hal = await open('hal', 'phone');
    await hear(gil, 'hal', 'online');
    await set(hal, 'invisible');
    await hear(gil, 'hal', 'offline');
    const lastSeenAt = told(gil, 'hal').at(-1)?.lastSeenAt;
    hal.end();
    const back = await open('hal', 'phone', other.ws);
    const laptop = await open('hal', 'laptop', other.ws);
    await hear(gil, 'hal', 'online');
    laptop.end();
    await hear(gil, 'hal', 'offline');
    await set(back, 'away');
    await hear(gil, 'hal', 'away');
    expect(statuses(gil, 'hal')).toEqual(['online', 'offline', 'online', 'offline', 'away']);
    expect(lastSeenAt).toBeGreaterThan(0);
  });

  it('of strangers is unknown, also when they come, until they meet; one’s own is not', async () => {
    const ida = await open('ida');
    await isKnownAs(ida, 'ida', 'online');
    expect(await watch(ida, 'jon', 'ida', 'nobody')).toEqual([
      { user: 'jon', status: 'unknown' },
      { user: 'ida', status: 'online' },
      { user: 'nobody', status: 'unknown' },
    ]);
    const jon = await open('jon');
    await set(ida, 'away');
    await hear(ida, 'ida', 'away');
    await set(jon, 'away');
    expect(statuses(ida, 'jon')).toEqual([]);
    await fixture.api.create('p-five', 'ida', 'jon');
    await hear(ida, 'jon', 'away');
    expect(statuses(ida, 'jon')).toEqual(['away']);
  });
});

describe.concurrent('a gateway that', { timeout: 60_000 }, () => {
  const startDoomed = async (): Promise<{ doomed: ServiceProcess; ws: string }> => {
    const doomed = await startService('gateway', gatewayEnvironment(fixture.natsUrl));
    return { doomed, ws: doomed.info.ws as string };
  };

  it('is killed leaves nobody online for more than 10 s, and takes nobody before its time', async () => {
    await fixture.api.create('p-kill', 'qui', 'ron', 'sue');
    const { doomed, ws } = await startDoomed();
    const qui = await open('qui');
    await open('ron', 'd', ws);
    await open('sue', 'd', ws);
    await open('sue', 'd2', other.ws);
    await isKnownAs(qui, 'ron', 'online');
    await watch(qui, 'ron', 'sue');
    await doomed.end('SIGKILL');
    const killedAt = Date.now();
    await hear(qui, 'ron', 'offline');
    const tookMs = Date.now() - killedAt;
    expect(tookMs).toBeGreaterThan(4_000);
    expect(tookMs).toBeLessThan(10_000);
    expect(Math.abs((told(qui, 'ron').at(-1)?.lastSeenAt ?? 0) - killedAt)).toBeLessThan(3_000);
    expect(statuses(qui, 'sue')).toEqual([]);
  });

  it('is frozen counts as dead, and has its people back when it goes on', async () => {
    await fixture.api.create('p-freeze', 'tom', 'una');
    const { doomed, ws } = await startDoomed();
    const tom = await open('tom');
    await open('una', 'd', ws);
    await isKnownAs(tom, 'una', 'online');
    doomed.signal('SIGSTOP');
    const frozenAt = Date.now();
    await hear(tom, 'una', 'offline');
    expect(Date.now() - frozenAt).toBeLessThan(10_000);
    doomed.signal('SIGCONT');
    await hear(tom, 'una', 'online');
    await doomed.end();
    await hear(tom, 'una', 'offline');
  });
});

/** One after the other: they read what a gateway counts, move the clock, or put something in everybody's way. */
describe('presence', () => {
  it('is told only of those who were named last, and to nobody whose connection is gone', async () => {
    await fixture.api.create('p-six', 'kim', 'lea', 'mia');
    const kim = await open('kim');
    const [lea, mia] = [await open('lea'), await open('mia')];
    await isKnownAs(lea, 'lea', 'online');
    await isKnownAs(mia, 'mia', 'online');
    await isKnownAs(kim, 'lea', 'online');
    expect(await watch(kim, 'mia', 'mia')).toEqual([{ user: 'mia', status: 'online' }]);
    await set(lea, 'away');
    await set(mia, 'away');
    await hear(kim, 'mia', 'away');
    expect(statuses(kim, 'lea')).toEqual([]);
    expect(await watch(kim)).toEqual([]);
    await watch(mia, 'kim', 'lea');
    expect(await gaugeOf(fixture.gateway.url, 'presence_watched')).toBeGreaterThanOrEqual(2);
    for (const client of clients.splice(0)) client.end();
    await waitFor(async () => (await gaugeOf(fixture.gateway.url, 'presence_watched')) === 0, {
      what: 'nobody to be watched',
    });
  });

  it('is told of many in one frame', async () => {
    const crowd = Array.from({ length: 50 }, (_, n) => `crowd-${n}`);
    await fixture.api.create('p-seven', 'nat', ...crowd);
    const nat = await open('nat');
    expect((await watch(nat, ...crowd)).every(({ status }) => status === 'offline')).toBe(true);
    await Promise.all(crowd.map((user) => open(user, 'd', other.ws)));
    await waitFor(() => crowd.every((user) => statuses(nat, user).at(-1) === 'online'), {
      what: 'the crowd',
    });
    expect(nat.notices('presence').length).toBeLessThan(crowd.length);
  });

  it('is not told for long to who shares no conversation any more', async () => {
    await fixture.api.create('p-nine', 'rea', 'sam', 'tia');
    const gateway = await openGateway(fixture.natsUrl);
    const rea = await open('rea', 'd', gateway.ws);
    const [sam, tia] = [await open('sam'), await open('tia')];
    await isKnownAs(rea, 'sam', 'online');
    await watch(rea, 'sam', 'tia');
    await fixture.api.remove('p-nine', 'sam');
    const now = performance.now.bind(performance);
    const later = vi.spyOn(performance, 'now').mockImplementation(() => now() + BELIEVED_MS);
    try {
      await hear(rea, 'sam', 'unknown');
    } finally {
      later.mockRestore();
    }
    await set(sam, 'away');
    await set(tia, 'away');
    await hear(rea, 'tia', 'away');
    expect(statuses(rea, 'sam')).toEqual(['unknown']);
    await gateway.stop();
  });

  it('is told late to a reader who is behind: once, and as it is then', async () => {
    await fixture.api.create('p-ten', 'uma', 'vin');
    const [uma, vin] = [await open('uma'), await open('vin')];
    await isKnownAs(vin, 'vin', 'online');
    await isKnownAs(uma, 'vin', 'online');
    uma.socket.pause();
    await fallBehind(uma, fixture.gateway.url);
    for (const status of ['away', 'online', 'invisible']) {
      const before = await gaugeOf(fixture.gateway.url, 'signs_left_out_total');
      await set(vin, status);
      await waitFor(async () => (await gaugeOf(fixture.gateway.url, 'signs_left_out_total')) > before, {
        what: 'it to be left out',
      });
    }
    uma.socket.resume();
    await hear(uma, 'vin', 'offline');
    expect(statuses(uma, 'vin')).toEqual(['offline']);
    expect(uma.isClosed).toBe(false);
  });

  it.each([
    ['presence.set', { status: 'here' }],
    ['presence.set', {}],
    ['presence.watch', { users: ['a b'] }],
    ['presence.watch', { users: Array.from({ length: 501 }, (_, n) => `u${n}`) }],
    ['presence.watch', {}],
  ])('refuses %s with what does not fit', async (method, params) => {
    const client = await open('odd');
    expect((await client.request(method, params)).error?.data.tag).toBe('InvalidParams');
  });

  it('of everyone is unknown while it cannot be asked who knows whom', async () => {
    await fixture.api.create('p-eight', 'oda', 'pia');
    const [oda] = [await open('oda'), await open('pia')];
    fixture.api.obstruct(({ method }) =>
      method === 'internal.acquaintances' ? { tag: 'Unavailable' } : undefined,
    );
    expect(await watch(oda, 'pia')).toEqual([{ user: 'pia', status: 'unknown' }]);
    fixture.api.obstruct(() => undefined);
    await hear(oda, 'pia', 'online');
  });
});

describe('without Redis', { timeout: 60_000 }, () => {
  it('presence is unknown, all else goes on, and everyone is put back when it returns, though it lost everything', async () => {
    await fixture.api.create('p-away', 'vic', 'wim', 'xia');
    const redisUrl = redisUrlBeside(fixture.natsUrl);
    const line = await openBreakableLine(redisUrl);
    const gateway = await openGateway(fixture.natsUrl, { REDIS_URL: line.url });
    const vic = await open('vic', 'd', gateway.ws);
    const wim = await open('wim', 'd', gateway.ws);
    const xia = await open('xia', 'd', gateway.ws);
    await isKnownAs(vic, 'wim', 'online');
    await watch(vic, 'wim', 'xia');

    line.cut();
    await hear(vic, 'wim', 'unknown');
    const sent = await wim.request('message.send', {
      conversationId: 'p-away',
      body: { text: 'still here' },
    });
    expect(sent.result).toBeDefined();
    await waitFor(() => vic.seqs('p-away').includes(sent.result?.seq), { what: 'the message' });
    expect(await watch(vic, 'wim', 'xia')).toEqual([
      { user: 'wim', status: 'unknown' },
      { user: 'xia', status: 'unknown' },
    ]);
    expect((await set(wim, 'away')).result).toEqual({});
    xia.end();
    const redis = new Redis(redisUrl);
    await redis.flushdb();
    redis.disconnect();

    line.mend();
    await hear(vic, 'wim', 'away', 30_000);
    await hear(vic, 'xia', 'offline', 30_000);
    expect(statuses(vic, 'wim')).toEqual(['unknown', 'away']);
    expect(vic.isClosed || wim.isClosed).toBe(false);
    await gateway.stop();
    line.close();
  });
});
