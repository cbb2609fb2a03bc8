import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type ForeignClient, type Received } from '@parley/infra/testing/foreign-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../config.js';
import {
  forgedToken,
  type GatewayFixture,
  openGateway,
  openGatewayFixture,
  tokenOf,
} from '../testing/gateway-fixture.js';

let fixture: GatewayFixture;
const gateways: Awaited<ReturnType<typeof openGateway>>[] = [];
const clients: ForeignClient[] = [];
beforeAll(async () => {
  fixture = await openGatewayFixture();
});
afterAll(async () => {
  for (const client of clients) client.end();
  for (const gateway of gateways) await gateway.stop();
  await fixture.close();
});

async function start(settings: Partial<GatewayConfig>) {
  const gateway = await openGateway(fixture.natsUrl, settings);
  gateways.push(gateway);
  return gateway;
}

async function open(url: string, user: string, device = 'd', scope?: string): Promise<ForeignClient> {
  const client = await connectClient(url);
  clients.push(client);
  await client.request('session.open', { token: await tokenOf(user, '1h', device, scope), device });
  return client;
}

/** How many of so many requests at once were not refused for their number. */
async function grantedOf(client: ForeignClient, count: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: count }, () => client.request('message.list', {})));
  return answers.filter((answer) => !isLimited(answer)).length;
}

const isLimited = ({ error }: Received): boolean => error?.data.tag === 'RateLimited';
const waitOf = ({ error }: Received): number =>
  (error?.data as { retryAfterMs?: number } | undefined)?.retryAfterMs ?? 0;

describe('requests', () => {
  it('are granted to one connection up to its half, and to another of the same user up to the whole', async () => {
    const { ws } = await start({ PARLEY_LIMIT_QUERIES: 40 });
    const [laptop, phone] = [await open(ws, 'ann', 'laptop'), await open(ws, 'ann', 'phone')];
    expect(await grantedOf(laptop, 30)).toBe(20);
    expect(await grantedOf(phone, 15)).toBe(15);
    const tablet = await open(ws, 'ann', 'tablet');
    expect(await grantedOf(tablet, 15)).toBe(5);
    const bob = await open(ws, 'bob');
    expect(await grantedOf(bob, 10)).toBe(10);
  });

  it('go through again after the time that was named', async () => {
    const { ws } = await start({ PARLEY_LIMIT_QUERIES: 10 });
    const cat = await open(ws, 'cat');
    await grantedOf(cat, 5);
    const refused = await cat.request('message.list', {});
    expect(refused.error).toMatchObject({ code: 1430, data: { tag: 'RateLimited', retryable: true } });
    expect(waitOf(refused)).toBeGreaterThan(0);
    expect(waitOf(refused)).toBeLessThanOrEqual(10_000);
    await sleep(waitOf(refused));
    expect(isLimited(await cat.request('message.list', {}))).toBe(false);
  });

  it('have a budget of their own for commands, for queries, and for receipts, typing and presence', async () => {
    const { ws } = await start({ PARLEY_LIMIT_QUERIES: 2 });
    const dan = await open(ws, 'dan');
    expect(await grantedOf(dan, 3)).toBe(1);
    const mark = await dan.request('receipt.mark', { marks: [] });
    const send = await dan.request('message.send', { conversationId: 'nowhere', body: { text: '' } });
    expect([isLimited(mark), isLimited(send)]).toEqual([false, false]);
  });

  it('share a budget over two gateways', async () => {
    const settings = { PARLEY_LIMIT_COMMANDS: 100 };
    const [here, there] = [await start(settings), await start(settings)];
    const people = [
      await open(here.ws, 'eve', 'd1'),
      await open(here.ws, 'eve', 'd2'),
      await open(there.ws, 'eve', 'd3'),
      await open(there.ws, 'eve', 'd4'),
    ];
    let granted = 0;
    const send = async (client: ForeignClient) => {
      const answer = await client.request('message.send', { conversationId: 'nowhere', body: { text: '' } });
      if (!isLimited(answer)) granted++;
      return isLimited(answer);
    };
    // Within one window of ten seconds, and with a pause in which Redis can answer.
    while (!(await Promise.all(people.map(send))).every(Boolean)) await sleep(50);
    // A connection may use 50; without sharing, the four would have got 200.
    expect(granted).toBeGreaterThanOrEqual(100);
    expect(granted).toBeLessThanOrEqual(100 + 2 * 5 + 4);
  });

  it('of who imports are not counted', async () => {
    const { ws } = await start({ PARLEY_LIMIT_QUERIES: 2 });
    const importer = await open(ws, 'fay', 'd', 'import');
    expect(await grantedOf(importer, 30)).toBe(30);
  });

  it('are counted by each gateway for itself while Redis is away', async () => {
    const { ws } = await start({ PARLEY_LIMIT_QUERIES: 20, REDIS_URL: 'redis://127.0.0.1:1/0' });
    const [one, other] = [await open(ws, 'gil', 'd1'), await open(ws, 'gil', 'd2')];
    expect(await grantedOf(one, 15)).toBe(10);
    expect(await grantedOf(other, 15)).toBe(10);
    const third = await open(ws, 'gil', 'd3');
    const refused = await third.request('message.list', {});
    expect(isLimited(refused)).toBe(true);
  });
});

describe('opening a session', () => {
  const tryBadToken = async (url: string, headers?: Record<string, string>) => {
    const client = await connectClient(url, ['parley.v1'], undefined, headers);
    clients.push(client);
    return client.request('session.open', { token: await forgedToken('hal'), device: 'd' });
  };

  it('is not tried any more for an address that sends bad tokens', async () => {
    const { ws } = await start({ PARLEY_LIMIT_OPENS: 3 });
    for (let n = 0; n < 3; n++) expect((await tryBadToken(ws)).error?.data.tag).toBe('NotAuthenticated');
    const refused = await tryBadToken(ws);
    expect(isLimited(refused)).toBe(true);
    expect(waitOf(refused)).toBeGreaterThan(0);
  });

  it('is counted by who a trusted proxy says they are', async () => {
    const { ws } = await start({ PARLEY_LIMIT_OPENS: 2, PARLEY_TRUSTED_PROXIES: ['127.0.0.0/8'] });
    const [bad, good] = [{ 'x-forwarded-for': '203.0.113.1' }, { 'x-forwarded-for': '203.0.113.2' }];
    for (let n = 0; n < 2; n++) await tryBadToken(ws, bad);
    expect(isLimited(await tryBadToken(ws, bad))).toBe(true);
    expect(isLimited(await tryBadToken(ws, good))).toBe(false);
    for (let n = 0; n < 5; n++) expect(isLimited(await tryBadToken(ws))).toBe(false);
  });

  it('is refused to a user who opens too often', async () => {
    const { ws } = await start({ PARLEY_LIMIT_OPENS: 2 });
    await open(ws, 'ida');
    await open(ws, 'ida');
    const client = await connectClient(ws);
    clients.push(client);
    const refused = await client.request('session.open', { token: await tokenOf('ida'), device: 'd' });
    expect(isLimited(refused)).toBe(true);
    expect(
      (await client.request('session.open', { token: await tokenOf('jon'), device: 'd' })).result,
    ).toBeDefined();
  });
});
