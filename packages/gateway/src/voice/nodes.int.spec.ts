import { setTimeout as sleep } from 'node:timers/promises';
import { refuse } from '@parley/domain/conversation/refusals';
import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { redisUrlBeside } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openPlacements } from '@parley/infra/voice/placements';
import { callSubject, nodeSubject } from '@parley/infra/voice/subjects';
import { signTicket, ticketKey, verifyTicket } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type NodeAnswers, openCalls, openTestNode, type TestNode, tagOf } from '../testing/call-world.js';
import { fallBehind, gaugeOf } from '../testing/fall-behind.js';
import {
  type GatewayFixture,
  openGateway,
  openGatewayFixture,
  SECRET,
  tokenOf,
} from '../testing/gateway-fixture.js';
import { entryOf } from '../testing/small-api.js';
import { MAX_UNANSWERED } from './probe-state.js';

const key = ticketKey({ PARLEY_VOICE_SECRET: undefined, PARLEY_TOKEN_SECRET: SECRET });

let fixture: GatewayFixture;
let other: Awaited<ReturnType<typeof openGateway>>;
let calls: ReturnType<typeof openCalls>;
const nodes: TestNode[] = [];
beforeAll(async () => {
  fixture = await openGatewayFixture();
  other = await openGateway(fixture.natsUrl);
  calls = openCalls(fixture.api);
});
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
});
afterAll(async () => {
  await other.stop();
  await fixture.close();
});

const ok: NodeAnswers = ({ method }) => ({ result: { method } });
async function node(answers: NodeAnswers = ok, cpu = 0): Promise<TestNode> {
  const opened = await openTestNode(fixture.nats, redisUrlBeside(fixture.natsUrl), answers, { cpu });
  nodes.push(opened);
  return opened;
}

async function open(user: string, device = 'laptop', url?: string): Promise<ForeignClient> {
  const client = await fixture.connect(url);
  const answer = await client.request('session.open', { token: await tokenOf(user, '1h', device), device });
  if (answer.error !== undefined) throw new Error(answer.error.message);
  return client;
}

type Entered = {
  readonly node: string;
  readonly fence: number;
  readonly ticket: string;
  readonly expiresAt: number;
};

/** Somebody who takes their place in a call by a server, and can do so again. */
async function enter(client: ForeignClient, conversationId: string, call: number, participant: number) {
  const answer = await client.request('voice.enter', { conversationId, call, participant });
  if (answer.error !== undefined) throw new Error(answer.error.data.tag);
  return answer.result as unknown as Entered;
}

/** Ann at one gateway and Bob at another, in a call that goes by a server. */
async function talk(conversationId: string) {
  await fixture.api.create(conversationId, 'ann', 'bob');
  const call = await calls.start(conversationId, 'ann', 'laptop', 0);
  const participant = await calls.join(conversationId, call, 'bob', 'laptop');
  const [ann, bob] = [await open('ann'), await open('bob', 'laptop', other.ws)];
  return {
    ann,
    bob,
    call,
    participant,
    inCall: { conversationId, call },
    annEnters: () => enter(ann, conversationId, call, call),
    bobEnters: () => enter(bob, conversationId, call, participant),
  };
}

const moves = (client: ForeignClient) => client.notices('voice.moved').map(({ why }) => why);

describe('a call by a server', () => {
  it('is entered with a ticket for its node, the same for everybody, and again with the next one', async () => {
    const there = await node();
    const { annEnters, bobEnters, call, participant, ann } = await talk('n-ticket');
    const [anns, bobs] = [await annEnters(), await bobEnters()];
    expect([anns.node, bobs.node]).toEqual([there.node, there.node]);
    expect(anns.fence).toBe(bobs.fence);
    expect(await verifyTicket(key, bobs.ticket, there.node, Date.now())).toEqual(
      E.right({
        conversationId: 'n-ticket',
        call,
        participant,
        user: 'bob',
        device: 'laptop',
        node: there.node,
        fence: bobs.fence,
        speaks: true,
      }),
    );
    const again = await annEnters();
    expect(again).toMatchObject({ node: anns.node, fence: anns.fence });
    expect([...moves(ann), ...ann.notices('voice.closed')]).toEqual([]);
  });

  it('has the seat of who leaves free again, and forgets where it was when it ends', async () => {
    const there = await node();
    const redis = new Redis(redisUrlBeside(fixture.natsUrl));
    const placements = openPlacements(redis);
    const { annEnters, bobEnters, call, participant } = await talk('n-free');
    await annEnters();
    await bobEnters();
    expect((await placements.read('n-free'))?.seats).toEqual({ [there.node]: 2 });
    await calls.leave('n-free', call, participant, 'bob');
    const seats = async () => (await placements.read('n-free'))?.seats[there.node];
    await waitFor(async () => (await seats()) === 1, { what: 'the seat to be free' });
    await calls.end('n-free', call, 'ann');
    await waitFor(async () => (await placements.read('n-free')) === undefined, {
      what: 'it to be forgotten',
    });
    redis.disconnect();
  });

  it('lets only those speak who lead, in a channel', async () => {
    const there = await node();
    await fixture.api.happen('n-channel', 'ann', {
      type: 'conversation.created',
      data: { kind: 'channel', ttl: null, members: [{ ...entryOf('ann'), role: 'owner' }, entryOf('bob')] },
    });
    const call = await calls.start('n-channel', 'ann', 'laptop', 0);
    const participant = await calls.join('n-channel', call, 'bob', 'laptop');
    const speaks = async (user: string, number: number) => {
      const { ticket } = await enter(await open(user), 'n-channel', call, number);
      const verified = await verifyTicket(key, ticket, there.node, Date.now());
      return E.isRight(verified) && verified.right.speaks;
    };
    expect([await speaks('ann', call), await speaks('bob', participant)]).toEqual([true, false]);
  });

  it('is refused while there is no node, and entered when there is one', async () => {
    const { ann, inCall, call, annEnters } = await talk('n-none');
    expect(tagOf(await ann.request('voice.enter', { ...inCall, participant: call }))).toBe(
      'VoiceUnavailable',
    );
    const there = await node();
    expect((await annEnters()).node).toBe(there.node);
  });
});

describe('what is asked of a node', () => {
  it('goes there with who asks, and comes back as it answers', async () => {
    const there = await node(({ method }) =>
      method === 'voice.attach'
        ? { result: { rtpCapabilities: {}, producers: 6 } }
        : { refusal: refuse('MediaNotFound'), fence: 1 },
    );
    const { ann, annEnters, inCall } = await talk('n-forward');
    const { ticket } = await annEnters();
    const attached = await ann.request('voice.attach', { ...inCall, ticket });
    expect(attached.result).toEqual({ rtpCapabilities: {}, producers: 6 });
    const paused = { ...inCall, ticket, producer: 'none', paused: true };
    expect(tagOf(await ann.request('voice.setProducer', paused))).toBe('MediaNotFound');
    expect(there.requests).toEqual([
      { method: 'voice.attach', params: { ...inCall, ticket }, user: 'ann', device: 'laptop' },
      { method: 'voice.setProducer', params: paused, user: 'ann', device: 'laptop' },
    ]);
  });

  it('is refused here where it is malformed, from outside the call, or names no node', async () => {
    const there = await node();
    const { ann, annEnters, inCall } = await talk('n-malformed');
    const attach = (client: ForeignClient, ticket: string) =>
      client.request('voice.attach', { ...inCall, ticket });
    expect(tagOf(await attach(ann, 'a.b.c'))).toBe('NotInCall');
    const { ticket, fence } = await annEnters();
    const eve = await open('eve');
    expect(tagOf(await attach(eve, ticket))).toBe('NotInCall');
    expect(tagOf(await ann.request('voice.attach', { ...inCall, call: 999, ticket }))).toBe('NotInCall');
    const naming = (name: string) =>
      signTicket(
        key,
        { ...inCall, participant: 1, user: 'ann', device: 'laptop', node: name, fence, speaks: true },
        Date.now(),
      );
    for (const name of ['*', '>', 'a.b', '', 'x'.repeat(65)])
      expect(tagOf(await attach(ann, await naming(name)))).toBe('TicketInvalid');
    expect(tagOf(await attach(ann, 'no ticket'))).toBe('TicketInvalid');
    expect(tagOf(await ann.request('voice.produce', { ...inCall, ticket, kind: 'audio' }))).toBe(
      'InvalidParams',
    );
    const bomb = { ...inCall, ticket, transport: 't', rtpCapabilities: { codecs: Array(65).fill({}) } };
    expect(tagOf(await ann.request('voice.receive', bomb))).toBe('InvalidParams');
    expect(there.requests).toEqual([]);
    // A made-up node is nobody's: that says nothing of where the call is.
    expect(tagOf(await attach(ann, await naming('elsewhere')))).toBe('PlacementStale');
    expect(moves(ann)).toEqual([]);
    // Nor does anybody ask after it from now on.
    let asked = 0;
    const listening = fixture.nats.subscribe(nodeSubject('elsewhere'), { callback: () => void asked++ });
    const { pings } = there;
    await waitFor(() => there.pings > pings + 2, { what: 'nodes to be asked whether they are there' });
    expect(asked).toBe(0);
    listening.unsubscribe();
  });

  it('says that the call has moved, where the node says so', async () => {
    let fence = 1;
    await node(() => ({ refusal: refuse('PlacementStale'), fence }));
    const { ann, bob, annEnters, bobEnters, inCall } = await talk('n-stale');
    const { ticket, fence: known } = await annEnters();
    await bobEnters();
    expect(tagOf(await ann.request('voice.attach', { ...inCall, ticket }))).toBe('PlacementStale');
    expect([...moves(ann), ...moves(bob)]).toEqual([]);
    // A placement that nobody here knows yet: everybody is told.
    fence = known + 1;
    expect(tagOf(await ann.request('voice.attach', { ...inCall, ticket }))).toBe('PlacementStale');
    await waitFor(() => moves(ann).length + moves(bob).length === 2, { what: 'both to be told' });
  });

  it('is not waited for without end', async () => {
    await node(() => undefined);
    const { ann, annEnters, inCall } = await talk('n-mute');
    const { ticket } = await annEnters();
    expect(tagOf(await ann.request('voice.attach', { ...inCall, ticket }))).toBe('VoiceUnavailable');
  });
});

describe('what a node says', () => {
  it('reaches whom it is for', async () => {
    await node();
    const { ann, bob, annEnters, bobEnters, call, participant, inCall } = await talk('n-notices');
    await annEnters();
    await bobEnters();
    const say = (to: number | 'all', name: string, facts: object, except?: number) =>
      fixture.nats.publish(
        callSubject('n-notices'),
        JSON.stringify({ to, except, name, value: { ...inCall, ...facts } }),
      );
    say('all', 'voice.speakers', { speakers: [{ participant: call, level: -20 }] });
    say(participant, 'voice.wanted', { producer: 'p', wanted: true });
    say('all', 'voice.audioOnly', { on: true }, call);
    say('all', 'voice.audioOnly', { call: 999, on: false });
    const all = { to: 'all', name: 'voice.speakers' };
    const none = ['no json', 'null', '[]', '{}', { news: 'unheard of' }, { news: 'entered' }, all];
    for (const text of [...none, { ...all, name: 'voice.unheardOf', value: inCall }])
      fixture.nats.publish(callSubject('n-notices'), typeof text === 'string' ? text : JSON.stringify(text));
    say(call, 'voice.consumerClosed', { consumer: 'c' });
    await waitFor(() => ann.notices('voice.consumerClosed').length > 0, { what: 'the last notice' });
    await waitFor(() => bob.notices('voice.audioOnly').length > 0, { what: "Bob's notice" });
    expect(ann.notices('voice.speakers')).toHaveLength(1);
    expect(ann.notices('voice.unheardOf')).toEqual([]);
    expect(ann.notices('voice.wanted')).toEqual([]);
    expect(bob.notices('voice.wanted')).toEqual([{ ...inCall, producer: 'p', wanted: true }]);
    expect(ann.notices('voice.audioOnly')).toEqual([]);
    expect(bob.notices('voice.audioOnly')).toEqual([{ ...inCall, on: true }]);
  });

  it('of who speaks is left out for a reader who is behind', async () => {
    await node();
    const { ann, annEnters, inCall } = await talk('n-slow');
    await annEnters();
    ann.socket.pause();
    await fallBehind(ann, fixture.gateway.url);
    const name = 'voice.speakers';
    const notice = { to: 'all', name, value: { ...inCall, speakers: [] } };
    const leftOut = () => gaugeOf(fixture.gateway.url, 'signs_left_out_total');
    await waitFor(
      async () => {
        fixture.nats.publish(callSubject('n-slow'), JSON.stringify(notice));
        return (await leftOut()) > 0;
      },
      { what: 'it to be left out' },
    );
    ann.socket.resume();
    expect((await ann.request('voice.report', inCall)).result).toEqual({});
    expect(ann.isClosed).toBe(false);
  });
});

describe('a node that dies', { timeout: 40_000 }, () => {
  it('is noticed where nobody listens for it any more, before one that is silent; its calls go on at another', async () => {
    const silent = await node(ok, 0.9);
    const patient = await talk('n-silent');
    await patient.annEnters();
    const first = await node();
    const { ann, bob, annEnters, bobEnters } = await talk('n-killed');
    const before = await annEnters();
    await bobEnters();
    expect(before.node).toBe(first.node);
    await waitFor(() => first.pings > 1, { what: 'it to be asked whether it is there' });
    const second = await node();
    /** How many were told when the silent one was noticed. */
    let toldBefore: number | undefined;
    patient.ann.socket.on('message', () => {
      if (moves(patient.ann).length > 0) toldBefore ??= moves(ann).length + moves(bob).length;
    });
    silent.freeze();
    await first.kill();
    await waitFor(() => moves(ann).length + moves(bob).length === 2, { what: 'both to be told' });
    await waitFor(() => toldBefore !== undefined, { what: 'the silent one to be noticed' });
    expect(toldBefore).toBe(2);
    expect([...moves(ann), ...moves(bob)]).toEqual(['node', 'node']);
    const [anns, bobs] = [await annEnters(), await bobEnters()];
    expect([anns.node, bobs.node]).toEqual([second.node, second.node]);
    expect(anns.fence).toBeGreaterThan(before.fence);
    expect(bobs.fence).toBe(anns.fence);
  });

  it('is noticed after a second of silence, though its beats go on', async () => {
    const first = await node();
    const { ann, annEnters } = await talk('n-frozen');
    expect((await annEnters()).node).toBe(first.node);
    const second = await node();
    first.freeze();
    await waitFor(() => moves(ann).length === 1, { what: 'it to be noticed' });
    expect((await annEnters()).node).toBe(second.node);
  });

  it('is gone on with where there is no other: it may be slow, and is no worse than none', async () => {
    const only = await node();
    const { ann, annEnters } = await talk('n-only');
    await annEnters();
    only.freeze();
    const { pings } = only;
    await waitFor(() => only.pings > pings + 2 * MAX_UNANSWERED, { what: 'it to be given up twice' });
    expect((await annEnters()).node).toBe(only.node);
    only.thaw();
    expect((await annEnters()).node).toBe(only.node);
    expect(moves(ann)).toEqual([]);
  });

  it('is noticed by who asks it something, before anybody probed it', async () => {
    const first = await node();
    const { ann, annEnters, inCall } = await talk('n-asked');
    const { ticket } = await annEnters();
    const second = await node();
    await first.kill();
    expect(tagOf(await ann.request('voice.attach', { ...inCall, ticket }))).toBe('PlacementStale');
    expect((await annEnters()).node).toBe(second.node);
  });

  it('is told of to the others by the gateway that learns of a newer placement', async () => {
    const first = await node();
    const { ann, bob, annEnters, bobEnters, inCall } = await talk('n-newer');
    const before = await annEnters();
    await bobEnters();
    const placed = { news: 'placed', call: inCall.call, fence: before.fence + 1, why: 'drain' };
    fixture.nats.publish(callSubject('n-newer'), JSON.stringify(placed));
    fixture.nats.publish(callSubject('n-newer'), JSON.stringify(placed));
    await waitFor(() => moves(ann).length + moves(bob).length === 2, { what: 'both to be told' });
    await annEnters();
    expect([...moves(ann), ...moves(bob)]).toEqual(['drain', 'drain']);
    expect(first.requests).toEqual([]);
  });
});

describe('a broker that goes away', { timeout: 40_000 }, () => {
  it('kills no node; participants are told to look again when it is back', async () => {
    const there = await node();
    const line = await openBreakableLine(fixture.natsUrl);
    const gateway = await openGateway(line.url);
    await fixture.api.create('n-line', 'ann', 'bob');
    const call = await calls.start('n-line', 'ann', 'laptop', 0);
    const ann = await open('ann', 'laptop', gateway.ws);
    const { ticket, fence } = await enter(ann, 'n-line', call, call);
    line.cut();
    await waitFor(
      async () =>
        tagOf(await ann.request('voice.attach', { conversationId: 'n-line', call, ticket })) ===
        'Unavailable',
      { what: 'the broker to be missed' },
    );
    // The node was cut off too, and comes back a moment later.
    await there.deafen();
    line.mend();
    await waitFor(() => moves(ann).length > 0, { what: 'the line to be whole', timeout: 15_000 });
    expect(await enter(ann, 'n-line', call, call)).toMatchObject({ node: there.node, fence });
    await sleep(400);
    await there.listen();
    const { pings } = there;
    await waitFor(() => there.pings > pings + 2, { what: 'it to be asked whether it is there' });
    expect(moves(ann)).toEqual(['interrupted']);
    ann.end();
    await gateway.stop();
    line.close();
  });
});
