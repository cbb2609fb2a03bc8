import { refuse } from '@parley/domain/conversation/refusals';
import { closeCodes } from '@parley/domain/wire/close-codes';
import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayFixture, openGateway, openGatewayFixture, tokenOf } from '../testing/gateway-fixture.js';

let fixture: GatewayFixture;
let line: Awaited<ReturnType<typeof openBreakableLine>>;
/** Another gateway, on a line that can be cut. */
let other: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  fixture = await openGatewayFixture();
  line = await openBreakableLine(fixture.natsUrl);
  other = await openGateway(line.url);
});
afterAll(async () => {
  await other.stop();
  line.close();
  await fixture.close();
});

const REVOKED = { code: closeCodes.DeviceRevoked.code, reason: closeCodes.DeviceRevoked.sentence };

/** A client of a user's device with an open session. */
async function open(user: string, device: string, url = fixture.gateway.ws): Promise<ForeignClient> {
  const client = await fixture.connect(url);
  const { result } = await present(client, user, device);
  expect(result).toMatchObject({ user, device });
  return client;
}

const present = async (client: ForeignClient, user: string, device: string) =>
  client.request('session.open', { token: await tokenOf(user, '1h', device), device });

describe('a device that is revoked', () => {
  it('loses its sockets on every gateway, and the other devices of its user go on', async () => {
    const { api, gateway } = fixture;
    await api.create('g-two', 'ann', 'bob');
    const phones = [await open('ann', 'phone', gateway.ws), await open('ann', 'phone', other.ws)];
    const others = [
      await open('ann', 'laptop', gateway.ws),
      await open('ann', 'laptop', other.ws),
      await open('bob', 'phone', other.ws),
    ];
    await api.revoke('ann', 'phone');
    for (const phone of phones) expect(await phone.closed()).toEqual(REVOKED);
    await api.send('g-two', 'ann', 'still here');
    for (const client of others) {
      await waitFor(() => client.seqs('g-two').includes(2), { what: 'the event' });
      expect(client.isClosed).toBe(false);
    }
  });

  it('is refused when it comes back', async () => {
    await fixture.api.revoke('cem', 'phone');
    const client = await fixture.connect(other.ws);
    const { error } = await present(client, 'cem', 'phone');
    expect(error?.data.tag).toBe('DeviceRevoked');
    expect(await client.closed()).toEqual(REVOKED);
    await open('cem', 'laptop', other.ws);
  });

  it('is let go of when a request of it is refused for that, however it went unheard', async () => {
    const client = await open('dan', 'phone');
    fixture.api.revokeUnheard('dan', 'phone');
    const { error } = await client.request('message.list', { conversationId: 'any' });
    expect(error?.data.tag).toBe('DeviceRevoked');
    expect(await client.closed()).toEqual(REVOKED);
  });

  it('is let go of while its session is still opening', async () => {
    const { api } = fixture;
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    api.holdBack(({ method, caller }) => {
      if (method !== 'internal.memberships' || caller.user !== 'eve') return undefined;
      ask();
      return answered;
    });
    const client = await fixture.connect();
    const token = await tokenOf('eve', '1h', 'phone');
    client.raw(
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session.open', params: { token, device: 'phone' } }),
    );
    await asked;
    await api.revoke('eve', 'phone');
    expect(await client.closed()).toEqual(REVOKED);
    api.holdBack(() => undefined);
    answer();
  });
});

describe('a gateway whose line was cut while devices were revoked', () => {
  it('closes their sockets once it is back, and no others', async () => {
    const { api } = fixture;
    const phones = await Promise.all(['fay', 'gus', 'hal'].map((user) => open(user, 'phone', other.ws)));
    const laptop = await open('fay', 'laptop', other.ws);
    line.cut();
    for (const user of ['fay', 'gus', 'hal']) await api.revoke(user, 'phone');
    expect(phones.some(({ isClosed }) => isClosed)).toBe(false);
    line.mend();
    for (const phone of phones) expect(await phone.closed()).toEqual(REVOKED);
    expect(laptop.isClosed).toBe(false);
  });

  it('asks again where it was not answered', async () => {
    const { api } = fixture;
    const phone = await open('ida', 'phone', other.ws);
    let refusals = 2;
    api.obstruct(({ method }) =>
      method === 'internal.revoked' && refusals-- > 0 ? refuse('Unavailable') : undefined,
    );
    line.cut();
    await api.revoke('ida', 'phone');
    line.mend();
    expect(await phone.closed()).toEqual(REVOKED);
    expect(refusals).toBeLessThan(0);
    api.obstruct(() => undefined);
  });
});

it('asks once for the devices of many who come back at once', async () => {
  const { api } = fixture;
  const users = Array.from({ length: 40 }, (_, n) => `many-${n}`);
  const clients = await Promise.all(users.map(() => fixture.connect(other.ws)));
  const tokens = await Promise.all(users.map((user) => tokenOf(user, '1h', 'phone')));
  const before = api.requests.length;
  await Promise.all(
    clients.map((client, n) => client.request('session.open', { token: tokens[n], device: 'phone' })),
  );
  const questions = api.requests.slice(before).filter(({ method }) => method === 'internal.revoked');
  const asked = questions.flatMap(({ params }) => (params as { questions: unknown[] }).questions);
  expect(asked).toHaveLength(users.length);
  expect(questions.length).toBeLessThan(users.length);
});
