import { TYPING_MS } from '@parley/domain/wire/presence';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fallBehind, gaugeOf } from '../testing/fall-behind.js';
import { type GatewayFixture, openGateway, openGatewayFixture } from '../testing/gateway-fixture.js';

let fixture: GatewayFixture;
let other: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  fixture = await openGatewayFixture();
  other = await openGateway(fixture.natsUrl);
});
afterAll(async () => {
  await other.stop();
  await fixture.close();
});

const type = (client: ForeignClient, conversationId: string, typing = true) =>
  client.request('typing.set', { conversationId, typing });

const hear = (client: ForeignClient, count: number) =>
  waitFor(() => client.notices('typing').length >= count, { what: `${count} notices of typing` });

describe('typing', () => {
  it('is told to the other members, on whatever gateway, and to nobody else', async () => {
    await fixture.api.create('t-one', 'ann', 'bob', 'cat');
    await fixture.api.create('t-else', 'ann', 'dan');
    const ann = await fixture.open('ann');
    const annToo = await fixture.open('ann', undefined, other.ws);
    const bob = await fixture.open('bob');
    const cat = await fixture.open('cat', undefined, other.ws);
    const dan = await fixture.open('dan');
    expect((await type(ann, 't-one')).result).toEqual({});
    await Promise.all([hear(bob, 1), hear(cat, 1)]);
    expect(bob.notices('typing')).toEqual([{ conversationId: 't-one', user: 'ann', expiresInMs: TYPING_MS }]);
    await type(ann, 't-one', false);
    await Promise.all([hear(bob, 2), hear(cat, 2)]);
    expect(cat.notices('typing')[1]).toEqual({ conversationId: 't-one', user: 'ann', expiresInMs: 0 });
    expect([ann, annToo, dan].map((client) => client.notices('typing'))).toEqual([[], [], []]);
  });

  it('is told once however often it is said in two seconds', async () => {
    await fixture.api.create('t-two', 'eve', 'fay');
    const [eve, fay] = [await fixture.open('eve'), await fixture.open('fay')];
    for (let n = 0; n < 20; n++) await type(eve, 't-two');
    await type(eve, 't-two', false);
    await hear(fay, 2);
    expect(fay.notices('typing').map(({ expiresInMs }) => expiresInMs)).toEqual([TYPING_MS, 0]);
  });

  it('ends with the connection', async () => {
    await fixture.api.create('t-three', 'gil', 'hal');
    const [gil, hal] = [await fixture.open('gil'), await fixture.open('hal', undefined, other.ws)];
    await type(gil, 't-three');
    await hear(hal, 1);
    gil.end();
    await hear(hal, 2);
    expect(hal.notices('typing')[1]).toMatchObject({ user: 'gil', expiresInMs: 0 });
  });

  it('is refused to who is no member, and to who is none any more', async () => {
    await fixture.api.create('t-four', 'ida', 'jon');
    const [ida, jon, kim] = [await fixture.open('ida'), await fixture.open('jon'), await fixture.open('kim')];
    for (const id of ['t-four', 'nowhere'])
      expect((await type(kim, id)).error?.data.tag).toBe('ConversationNotFound');
    await fixture.api.remove('t-four', 'jon');
    await waitFor(() => jon.seqs('t-four').includes(2), { what: 'the end for jon' });
    expect((await type(jon, 't-four')).error?.data.tag).toBe('ConversationNotFound');
    await type(ida, 't-four');
    await type(ida, 't-four', false);
    expect(ida.notices('typing')).toEqual([]);
  });

  it('is not told to a reader who is behind, and is never what closes a connection', async () => {
    await fixture.api.create('t-five', 'lea', 'mia');
    const [lea, mia] = [await fixture.open('lea'), await fixture.open('mia')];
    mia.socket.pause();
    await fallBehind(mia, fixture.gateway.url);
    await type(lea, 't-five');
    await waitFor(async () => (await gaugeOf(fixture.gateway.url, 'signs_left_out_total')) > 0, {
      what: 'it to be left out',
    });
    mia.socket.resume();
    await waitFor(async () => (await gaugeOf(fixture.gateway.url, 'buffered_bytes')) === 0, {
      what: 'the reader to catch up',
    });
    await type(lea, 't-five', false);
    await hear(mia, 1);
    expect(mia.notices('typing').map(({ expiresInMs }) => expiresInMs)).toEqual([0]);
    expect(mia.isClosed).toBe(false);
  });

  it.each([{}, { conversationId: 't-one' }, { conversationId: 't-one', typing: 'yes' }])(
    'refuses %j',
    async (params) => {
      const client = await fixture.open('odd');
      expect((await client.request('typing.set', params)).error?.data.tag).toBe('InvalidParams');
    },
  );
});
