import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import { figureOf } from '@parley/infra/testing/figure-of';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { startService } from '@parley/infra/testing/service-process';
import { redisUrlBeside } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { callSubject } from '@parley/infra/voice/subjects';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCalls, tagOf } from '../testing/call-world.js';
import {
  type GatewayFixture,
  gatewayEnvironment,
  openGateway,
  openGatewayFixture,
  tokenOf,
} from '../testing/gateway-fixture.js';
import { BEATS_KEY, LOST_MS } from './beats-store.js';

let fixture: GatewayFixture;
let other: Awaited<ReturnType<typeof openGateway>>;
let calls: ReturnType<typeof openCalls>;
let redis: Redis;
beforeAll(async () => {
  fixture = await openGatewayFixture();
  other = await openGateway(fixture.natsUrl);
  calls = openCalls(fixture.api);
  redis = new Redis(redisUrlBeside(fixture.natsUrl));
});
afterAll(async () => {
  redis.disconnect();
  await other.stop();
  await fixture.close();
});

async function open(user: string, device = 'laptop', url?: string): Promise<ForeignClient> {
  const client = await fixture.connect(url);
  const answer = await client.request('session.open', { token: await tokenOf(user, '1h', device), device });
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return client;
}

const enter = (client: ForeignClient, conversationId: string, call: number, participant: number) =>
  client.request('voice.enter', { conversationId, call, participant });

/** Ann and Bob in a call of their own, each at a gateway of their own unless said. */
async function talk(conversationId: string, bobsUrl: string | undefined = other.ws) {
  await fixture.api.create(conversationId, 'ann', 'bob', 'cat');
  const [ann, bob] = [await open('ann'), await open('bob', 'laptop', bobsUrl)];
  const call = await calls.start(conversationId, 'ann', 'laptop');
  const participant = await calls.join(conversationId, call, 'bob', 'laptop');
  const inCall = { conversationId, call };
  for (const [client, number] of [
    [ann, call],
    [bob, participant],
  ] as const) {
    const { result, error } = await enter(client, conversationId, call, number);
    if (error !== undefined) throw new Error(error.message);
    expect(result).toMatchObject({ topology: 'p2p', iceServers: [] });
  }
  return { ann, bob, call, participant, inCall };
}

const closings = (client: ForeignClient) => client.notices('voice.closed').map(({ why }) => why);
const closedAs = (client: ForeignClient, why: string) =>
  waitFor(() => closings(client).at(-1) === why, { what: `voice.closed for ${why}` });

const memberOf = (conversationId: string, call: number, participant: number) =>
  `${conversationId} ${call} ${participant}`;

/** What was told of devices that left a call. */
const endsOf = (client: ForeignClient, conversationId: string) =>
  client
    .notices('event')
    .filter((event) => event.conversationId === conversationId && event.type === 'call.left')
    .map(({ data }) => data);

describe('entering a call', () => {
  it('says how media goes, to the device that joined it', async () => {
    const { ann, inCall, call } = await talk('v-enter');
    const again = await enter(ann, 'v-enter', call, call);
    expect(again.result).toMatchObject({ topology: 'p2p', revision: expect.any(Number) });
    expect(again.result).not.toHaveProperty('ticket');
    expect((await ann.request('voice.report', { ...inCall, lossPerMille: 3 })).result).toEqual({});
  });

  it('is refused to another user, another device, a stranger, and for what is no call', async () => {
    const { bob, call, participant } = await talk('v-forged');
    expect(tagOf(await enter(bob, 'v-forged', call, call))).toBe('NotInCall');
    const phone = await open('bob', 'phone');
    expect(tagOf(await enter(phone, 'v-forged', call, participant))).toBe('NotInCall');
    expect(tagOf(await enter(phone, 'v-forged', call, 999))).toBe('NotInCall');
    const eve = await open('eve');
    expect(tagOf(await enter(eve, 'v-forged', call, participant))).toBe('NotInCall');
    expect(tagOf(await enter(bob, 'v-forged', 999, participant))).toBe('CallNotFound');
    expect(tagOf(await bob.request('voice.enter', { conversationId: 'v-forged' }))).toBe('InvalidParams');
    const nobody = await fixture.connect();
    expect(tagOf(await enter(nobody, 'v-forged', call, participant))).toBe('NotAuthenticated');
  });

  it('is refused to a device that was replaced in it by a newer one of itself', async () => {
    const { ann, call } = await talk('v-replaced');
    const newer = await calls.join('v-replaced', call, 'ann', 'laptop');
    await closedAs(ann, 'replaced');
    expect(tagOf(await enter(ann, 'v-replaced', call, call))).toBe('NotInCall');
    expect((await enter(ann, 'v-replaced', call, newer)).result).toBeDefined();
  });

  it('waits for an answer that knows what has happened meanwhile', async () => {
    await fixture.api.create('v-race', 'ann', 'bob');
    const ann = await open('ann');
    const call = await calls.start('v-race', 'ann', 'laptop');
    await waitFor(() => ann.seqs('v-race').includes(call), { what: 'the call' });
    const gate = Promise.withResolvers<void>();
    fixture.api.holdBack(({ method }) => (method === 'internal.call' ? gate.promise : undefined));
    const entering = enter(ann, 'v-race', call, call);
    await waitFor(
      () =>
        fixture.api.asked.some(
          ({ method, params }) =>
            method === 'internal.call' && (params as { conversationId: string }).conversationId === 'v-race',
        ),
      { what: 'the question' },
    );
    const left = await calls.leave('v-race', call, call, 'ann');
    await waitFor(() => ann.seqs('v-race').includes(left), { what: 'the end' });
    fixture.api.holdBack(() => undefined);
    gate.resolve();
    expect(tagOf(await entering)).toBe('NotInCall');
  });

  it('takes the participant over from another connection of its device, here and at another gateway', async () => {
    const { ann, call, inCall } = await talk('v-over');
    const here = await open('ann');
    expect((await enter(here, 'v-over', call, call)).result).toBeDefined();
    await closedAs(ann, 'elsewhere');
    expect(tagOf(await ann.request('voice.report', inCall))).toBe('NotInCall');
    const there = await open('ann', 'laptop', other.ws);
    expect((await enter(there, 'v-over', call, call)).result).toBeDefined();
    await closedAs(here, 'elsewhere');
    expect(closings(there)).toEqual([]);
    expect((await there.request('voice.report', inCall)).result).toEqual({});
  });

  it('is for a few calls of one connection at a time', async () => {
    const ann = await open('ann', 'desk');
    for (const n of [1, 2, 3, 4, 5]) {
      await fixture.api.create(`v-many-${n}`, 'ann');
      const call = await calls.start(`v-many-${n}`, 'ann', 'desk');
      expect(tagOf(await enter(ann, `v-many-${n}`, call, call))).toBe(n === 5 ? 'TooMuchMedia' : undefined);
    }
  });
});

describe('signals', () => {
  it('are relayed from gateway to gateway, with who sent them', async () => {
    const { ann, bob, call, participant, inCall } = await talk('v-relay');
    const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n' };
    const sent = await ann.request('voice.signal', { ...inCall, to: participant, signal: offer, from: 7 });
    expect(sent.result).toEqual({});
    await waitFor(() => bob.notices('voice.signal').length > 0, { what: 'the offer' });
    expect(bob.notices('voice.signal')).toEqual([{ ...inCall, from: call, signal: offer }]);
    await bob.request('voice.signal', { ...inCall, to: call, signal: { type: 'bye' } });
    await waitFor(() => ann.notices('voice.signal').length > 0, { what: 'the bye' });
    expect(ann.notices('voice.signal')).toEqual([{ ...inCall, from: participant, signal: { type: 'bye' } }]);
  });

  it('are refused from outside the call, of another call, and as bombs', async () => {
    const { ann, participant, inCall } = await talk('v-bomb');
    const cat = await open('cat');
    const bye = { type: 'bye' };
    expect(tagOf(await cat.request('voice.signal', { ...inCall, to: participant, signal: bye }))).toBe(
      'NotInCall',
    );
    expect(tagOf(await ann.request('voice.signal', { ...inCall, call: 77, to: 1, signal: bye }))).toBe(
      'NotInCall',
    );
    const offer = (sdp: string) =>
      ann.request('voice.signal', { ...inCall, to: participant, signal: { type: 'offer', sdp } });
    expect(tagOf(await offer(`v=0\r\n${'m=audio 9 X 0\r\n'.repeat(33)}`))).toBe('SignalRefused');
    expect(tagOf(await offer('hello'))).toBe('SignalRefused');
    expect(tagOf(await offer(`v=0\r\n${'a=x\r\n'.repeat(12_000)}`))).toBe('InvalidParams');
  });

  it('leave the addresses of a private net out where that is configured', async () => {
    const hiding = await openGateway(fixture.natsUrl, { PARLEY_VOICE_CANDIDATES: 'public' });
    const { ann, bob, participant, call, inCall } = await talk('v-private', hiding.ws);
    const candidate = (address: string) => ({
      type: 'candidate',
      candidate: `candidate:1 1 udp 1 ${address} 5000 typ host`,
    });
    for (const address of ['192.168.1.7', 'fd00::1', '8.8.8.8'])
      expect(
        (await bob.request('voice.signal', { ...inCall, to: call, signal: candidate(address) })).result,
      ).toEqual({});
    await waitFor(() => ann.notices('voice.signal').length > 0, { what: 'a candidate' });
    expect(ann.notices('voice.signal')).toEqual([
      { ...inCall, from: participant, signal: candidate('8.8.8.8') },
    ]);
    await hiding.stop();
  });

  it('of state reach everybody, and are told again to who enters later', async () => {
    const { ann, bob, participant, call, inCall } = await talk('v-state');
    const state = { mic: true, camera: false, screen: false, deafened: false };
    expect((await bob.request('voice.state', { ...inCall, state })).result).toEqual({});
    await waitFor(() => ann.notices('voice.state').length > 0, { what: 'the state' });
    expect(ann.notices('voice.state')).toEqual([{ ...inCall, participant, state }]);
    expect(bob.notices('voice.state')).toEqual([]);
    // Said once more it is news to nobody.
    await bob.request('voice.state', { ...inCall, state });
    const cat = await open('cat');
    const third = await calls.join('v-state', call, 'cat', 'laptop');
    expect((await enter(cat, 'v-state', call, third)).result).toBeDefined();
    await waitFor(() => cat.notices('voice.state').length > 0, { what: 'the state, told again' });
    expect(cat.notices('voice.state')).toEqual([{ ...inCall, participant, state }]);
    expect(ann.notices('voice.state')).toHaveLength(1);
  });

  it('also that it is off, to who enters a mesh again and was not there to hear it', async () => {
    const { ann, bob, participant, call, inCall } = await talk('v-off');
    const shown = { mic: true, camera: false, screen: true, deafened: false };
    await bob.request('voice.state', { ...inCall, state: shown });
    await waitFor(() => ann.notices('voice.state').length > 0, { what: 'the state' });
    ann.end();
    const off = { mic: false, camera: false, screen: false, deafened: false };
    await bob.request('voice.state', { ...inCall, state: off });
    const back = await open('ann');
    expect((await enter(back, 'v-off', call, call)).result).toBeDefined();
    await waitFor(() => back.notices('voice.state').length > 0, { what: 'what was missed' });
    expect(back.notices('voice.state')).toEqual([{ ...inCall, participant, state: off }]);
  });
});

describe('who is in the call no more', () => {
  it('is put out by a ban, and hears nothing after it', async () => {
    const { ann, bob, call, participant, inCall } = await talk('v-ban');
    await fixture.api.ban('v-ban', 'bob');
    await closedAs(bob, 'removed');
    expect(tagOf(await bob.request('voice.signal', { ...inCall, to: call, signal: { type: 'bye' } }))).toBe(
      'NotInCall',
    );
    await ann.request('voice.signal', { ...inCall, to: participant, signal: { type: 'bye' } });
    await ann.request('voice.report', inCall);
    expect(bob.notices('voice.signal')).toEqual([]);
  });

  it('is told why', async () => {
    const { ann, bob, call, participant } = await talk('v-why');
    await calls.leave('v-why', call, participant, 'bob', 'removed');
    await closedAs(bob, 'removed');
    const again = await calls.join('v-why', call, 'bob', 'laptop');
    expect((await enter(bob, 'v-why', call, again)).result).toBeDefined();
    await fixture.api.remove('v-why', 'bob');
    await waitFor(() => closings(bob).length === 2, { what: 'the second end' });
    await calls.end('v-why', call, 'ann');
    await closedAs(ann, 'ended');
    expect(closings(bob)).toEqual(['removed', 'removed']);
  });

  it('is found by asking where events were missed', async () => {
    const { bob, ann, call, participant } = await talk('v-missed', undefined);
    const left = { call, participant, user: 'bob', why: 'left' } as const;
    fixture.api.happenUnheard('v-missed', 'bob', { type: 'call.left', data: left });
    fixture.api.happenUnheard('v-missed', 'ann', {
      type: 'conversation.held',
      data: { reason: 'x' },
    });
    fixture.api.makeUnreadable('v-missed', 4, 5);
    await fixture.api.send('v-missed', 'ann', 'what comes after a gap');
    await closedAs(bob, 'left');
    expect(closings(ann)).toEqual([]);
  });

  it('is out of it with a device that is revoked, at once', async () => {
    const { ann, call } = await talk('v-revoked');
    const lost = await open('cat', 'lost');
    const participant = await calls.join('v-revoked', call, 'cat', 'lost');
    expect((await enter(lost, 'v-revoked', call, participant)).result).toBeDefined();
    await fixture.api.revoke('cat', 'lost');
    await waitFor(() => endsOf(ann, 'v-revoked').length > 0, { what: 'the end of a revoked device' });
    expect(endsOf(ann, 'v-revoked')).toEqual([{ call, participant, user: 'cat', why: 'lost' }]);
  });
});

describe('who is not heard of any more', { timeout: 40_000 }, () => {
  /** Lets so much time pass in Redis: what was said lies so far back. */
  async function age(ms: number, ...members: string[]): Promise<void> {
    for (const member of members) {
      const score = Number(await redis.zscore(BEATS_KEY, member));
      await redis.zadd(BEATS_KEY, 'XX', score - ms, member);
    }
  }
  it('is taken out by another gateway than the one that was killed', async () => {
    const doomed = await startService('gateway', gatewayEnvironment(fixture.natsUrl));
    await fixture.api.create('v-killed', 'ann', 'dan');
    const ann = await open('ann');
    const dan = await open('dan', 'laptop', doomed.info.ws as string);
    const call = await calls.start('v-killed', 'ann', 'laptop');
    const participant = await calls.join('v-killed', call, 'dan', 'laptop');
    await enter(ann, 'v-killed', call, call);
    expect((await enter(dan, 'v-killed', call, participant)).result).toBeDefined();
    const member = memberOf('v-killed', call, participant);
    await waitFor(() => redis.zscore(BEATS_KEY, member), { what: 'the first beat' });
    await doomed.end('SIGKILL');
    await age(LOST_MS + 1_000, member, '~since');
    await waitFor(() => endsOf(ann, 'v-killed').length > 0, { what: 'the sweep', timeout: 15_000 });
    expect(endsOf(ann, 'v-killed')).toEqual([{ call, participant, user: 'dan', why: 'lost' }]);
    await waitFor(async () => (await redis.zscore(BEATS_KEY, member)) === null, {
      what: 'it to be forgotten',
    });
  });

  it('is not taken out before every gateway had time to say who is there, when Redis was away', async () => {
    const { ann, call, participant } = await talk('v-kept');
    const mine = memberOf('v-kept', call, participant);
    const ghost = memberOf('v-kept', call, 9_999);
    await waitFor(() => redis.zscore(BEATS_KEY, mine), { what: 'the first beat' });
    // It comes back with what it knew long ago: everybody seems lost.
    await redis.zadd(BEATS_KEY, 1, mine, 1, ghost, 1, '~at', 1, '~since');
    await waitFor(async () => Number(await redis.zscore(BEATS_KEY, '~since')) > 1, {
      what: 'its return to be noticed',
    });
    await waitFor(async () => Number(await redis.zscore(BEATS_KEY, mine)) > 1, { what: 'a beat' });
    expect(Number(await redis.zscore(BEATS_KEY, ghost))).toBe(1);
    expect(endsOf(ann, 'v-kept')).toEqual([]);
  });

  it('is still there where a gateway says so, whatever Redis says', async () => {
    const { call, participant } = await talk('v-held');
    const isHeld = (number: number) =>
      fixture.nats
        .request(callSubject('v-held'), JSON.stringify({ news: 'held', call, participant: number }), {
          timeout: 300,
        })
        .then(
          () => true,
          () => false,
        );
    expect(await isHeld(participant)).toBe(true);
    expect(await isHeld(9_999)).toBe(false);
  });

  it('has as long as anybody to come back, when their gateway stops', async () => {
    const stopping = await openGateway(fixture.natsUrl);
    const { bob, ann, call, participant, inCall } = await talk('v-stopping', stopping.ws);
    const member = memberOf('v-stopping', call, participant);
    await waitFor(() => redis.zscore(BEATS_KEY, member), { what: 'the first beat' });
    await redis.zadd(BEATS_KEY, 'XX', Date.now() - LOST_MS + 1_000, member);
    await stopping.stop();
    await bob.closed();
    expect(Number(await redis.zscore(BEATS_KEY, member))).toBeGreaterThan(Date.now() - 10_000);
    const back = await open('bob');
    expect((await enter(back, 'v-stopping', call, participant)).result).toBeDefined();
    expect((await back.request('voice.report', inCall)).result).toEqual({});
    expect(endsOf(ann, 'v-stopping')).toEqual([]);
  });

  it('is known from the log, also where no gateway ever heard of them', async () => {
    const { call } = await talk('v-silent');
    const silent = await calls.join('v-silent', call, 'cat', 'laptop');
    const member = memberOf('v-silent', call, silent);
    await waitFor(() => redis.zscore(BEATS_KEY, member), { what: 'it to be expected' });
  });
});

describe('when Redis has lost everything', () => {
  it('those are expected again whom no gateway has, also of calls that nobody is in here', async () => {
    const { call, participant } = await talk('v-swept');
    const silent = await calls.join('v-swept', call, 'cat', 'laptop');
    await fixture.api.create('v-alone', 'fay');
    const alone = await calls.start('v-alone', 'fay', 'laptop');
    await waitFor(() => redis.zscore(BEATS_KEY, memberOf('v-swept', call, silent)), {
      what: 'who is silent to be expected',
    });
    await redis.del(BEATS_KEY);
    for (const member of [
      memberOf('v-swept', call, participant),
      memberOf('v-swept', call, silent),
      memberOf('v-alone', alone, alone),
    ])
      await waitFor(() => redis.zscore(BEATS_KEY, member), { what: `${member} again`, timeout: 15_000 });
  });
});

describe('without Redis', () => {
  it('people go on entering calls and telling each other, and are beaten again when it is back', async () => {
    const line = await openBreakableLine(redisUrlBeside(fixture.natsUrl));
    const gateway = await openGateway(fixture.natsUrl, { REDIS_URL: line.url });
    line.cut();
    const { ann, bob, call, participant, inCall } = await talk('v-away', gateway.ws);
    await bob.request('voice.signal', { ...inCall, to: call, signal: { type: 'bye' } });
    await waitFor(() => ann.notices('voice.signal').length > 0, { what: 'the signal' });
    const member = memberOf('v-away', call, participant);
    await redis.zrem(BEATS_KEY, member);
    line.mend();
    await waitFor(() => redis.zscore(BEATS_KEY, member), { what: 'a beat', timeout: 20_000 });
    expect([...closings(ann), ...closings(bob)]).toEqual([]);
    await gateway.stop();
    line.close();
  });
});

it('counts who is in calls, signals, refusals and what clients report', async () => {
  const gateway = await openGateway(fixture.natsUrl);
  const { bob, call, participant, inCall } = await talk('v-metrics', gateway.ws);
  await bob.request('voice.signal', { ...inCall, to: call, signal: { type: 'bye' } });
  const report = { latencyMs: 80, rttMs: 30, jitterMs: 4, gapMs: 600, lossPerMille: 20 };
  expect((await bob.request('voice.report', { ...inCall, ...report })).result).toEqual({});
  const cat = await open('cat', 'laptop', gateway.ws);
  expect(tagOf(await cat.request('voice.report', inCall))).toBe('NotInCall');
  const read = async () => (await fetch(`${gateway.url}/metrics`)).text();
  const text = await read();
  const figure = (name: string, label?: string) => figureOf(text, `voice_${name}`, label);
  expect(figure('active_channels')).toBe(1);
  expect(figure('sessions')).toBe(1);
  expect(figure('joins_total', 'topology="p2p"')).toBe(1);
  expect(figure('signals_total')).toBe(1);
  expect(figure('errors_total', 'reason="NotInCall"')).toBe(1);
  const heardOf = ['latency_ms', 'round_trip_ms', 'jitter_ms', 'gap_ms', 'packet_loss_ratio'];
  expect(heardOf.map((name) => [name, figure(`${name}_count`), figure(`${name}_sum`)])).toEqual([
    ['latency_ms', 1, 80],
    ['round_trip_ms', 1, 30],
    ['jitter_ms', 1, 4],
    ['gap_ms', 1, 600],
    ['packet_loss_ratio', 1, 0.02],
  ]);
  await calls.leave('v-metrics', call, participant, 'bob');
  await waitFor(async () => figureOf(await read(), 'voice_session_seconds_count') === 1, {
    what: 'the session that ended',
  });
  await gateway.stop();
});
