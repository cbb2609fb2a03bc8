import { errors } from '@nats-io/transport-node';
import { closeBody, closeTitle } from '@parley/domain/conversation/body';
import { refuse } from '@parley/domain/conversation/refusals';
import { liveReceiptsSubject, liveSubject, userSubject } from '@parley/infra/log/subjects';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gaugeOf } from '../testing/fall-behind.js';
import { type GatewayFixture, openGateway, openGatewayFixture, tokenOf } from '../testing/gateway-fixture.js';
import { PARTITIONS } from '../testing/small-api.js';

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await openGatewayFixture();
});
afterAll(() => fixture.close());
beforeEach(() => {
  fixture.api.obstruct(() => undefined);
  fixture.api.holdBack(() => undefined);
});

const seqsFrom = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const until = (client: ForeignClient, conversationId: string, seq: number) =>
  waitFor(() => client.seqs(conversationId).includes(seq), { what: `event ${seq} of ${conversationId}` });
const resyncs = (client: ForeignClient) => client.notices('resync');
const addedTo = (client: ForeignClient) => client.notices('conversation.added');

describe('live events', () => {
  it('reach every session of every member, in order, once', async () => {
    const { api, open } = fixture;
    await api.create('c-live', 'ann', 'bob');
    const clients = [await open('ann'), await open('ann'), await open('bob')];
    for (let n = 2; n <= 300; n++) await api.send('c-live', n % 2 ? 'ann' : 'bob', `mé${n}`);
    for (const client of clients) {
      await until(client, 'c-live', 300);
      expect(client.seqs('c-live')).toEqual(seqsFrom(2, 300));
    }
    const [event] = clients[2]?.notices('event') ?? [];
    expect(event).toMatchObject({
      conversationId: 'c-live',
      seq: 2,
      type: 'message.sent',
      actor: 'bob',
      data: { body: { kind: 'text', text: 'mé2' } },
    });
  });

  it('come after the answer to session.open', async () => {
    const { api, open } = fixture;
    await api.create('c-first', 'cat');
    let sending = true;
    const sender = (async () => {
      while (sending) await api.send('c-first', 'cat', 'x');
    })();
    for (let n = 0; n < 20; n++) {
      const client = await open('cat', n % 2 ? { 'c-first': 1 } : undefined);
      await waitFor(() => client.seqs('c-first').length > 3, { what: 'some events' });
      expect(client.frames[0]?.id).toBe(1);
      const seqs = client.seqs('c-first') as number[];
      expect(seqs).toEqual(seqsFrom(seqs[0] as number, seqs.at(-1) as number));
      client.end();
    }
    sending = false;
    await sender;
  });

  it('do not reach who is no member', async () => {
    const { api, open } = fixture;
    await api.create('c-private', 'dan');
    const dan = await open('dan');
    const eve = await open('eve', { 'c-private': 1 });
    await api.send('c-private', 'dan', 'secret');
    await until(dan, 'c-private', 2);
    await eve.request('message.list', {});
    expect(eve.seqs('c-private')).toEqual([]);
    expect(resyncs(eve)).toEqual([{ conversationId: 'c-private', reason: 'left' }]);
  });

  it('that come twice or late are delivered once', async () => {
    const { api, open, nats } = fixture;
    await api.create('c-twice', 'fay');
    const fay = await open('fay');
    await api.send('c-twice', 'fay', 'a');
    await until(fay, 'c-twice', 2);
    const [sent] = fay.notices('event');
    const again = { ...sent, id: 'c-twice:2', version: 1, data: { ordinal: 1, body: 'p0.{}' } };
    nats.publish(liveSubject('c-twice', PARTITIONS), JSON.stringify(again));
    nats.publish(liveSubject('c-twice', PARTITIONS), 'not an event');
    await api.send('c-twice', 'fay', 'b');
    await until(fay, 'c-twice', 3);
    expect(fay.seqs('c-twice')).toEqual([2, 3]);
  });

  it('that were lost on their way are fetched before the next is delivered', async () => {
    const { api, open, nats } = fixture;
    await api.create('c-gap', 'gus', 'hal');
    const clients = [await open('gus'), await open('hal')];
    api.appendUnheard('c-gap', 'gus', 450);
    const next = {
      id: 'c-gap:452',
      type: 'conversation.closed',
      version: 1,
      conversationId: 'c-gap',
      seq: 452,
      at: 1,
      actor: 'gus',
      commandId: 'x',
      data: {},
    };
    api.happenUnheard('c-gap', 'gus', { type: 'conversation.closed', data: {} });
    nats.publish(liveSubject('c-gap', PARTITIONS), JSON.stringify(next));
    for (const client of clients) {
      await until(client, 'c-gap', 452);
      expect(client.seqs('c-gap')).toEqual(seqsFrom(2, 452));
    }
  });

  it('of which too many were lost are left out, and everyone is told', async () => {
    const { api, open } = fixture;
    await api.create('c-wide', 'ian');
    const ian = await open('ian');
    api.appendUnheard('c-wide', 'ian', 1_500);
    await api
      .happen('c-wide', 'ian', { type: 'conversation.renamed', data: { title: closeTitle('x') } })
      .catch(() => undefined);
    await waitFor(() => resyncs(ian).length > 0, { what: 'the resync' });
    expect(resyncs(ian)).toEqual([{ conversationId: 'c-wide', reason: 'interrupted', seq: 1_502 }]);
    await api.happen('c-wide', 'ian', { type: 'conversation.renamed', data: { title: closeTitle('y') } });
    await until(ian, 'c-wide', 1_503);
    expect(ian.seqs('c-wide')).toEqual([1_503]);
  });

  it('that nobody here can read are named, and what follows is delivered', async () => {
    const { api, open, nats } = fixture;
    await api.create('c-future', 'jan');
    const jan = await open('jan');
    api.appendUnheard('c-future', 'jan', 1);
    nats.publish(
      liveSubject('c-future', PARTITIONS),
      JSON.stringify({ seq: 2, type: 'message.sung', version: 9 }),
    );
    await waitFor(() => resyncs(jan).length > 0, { what: 'the resync' });
    expect(resyncs(jan)).toEqual([{ conversationId: 'c-future', reason: 'unreadable', seq: 2 }]);
    await api.happen('c-future', 'jan', { type: 'conversation.renamed', data: { title: closeTitle('y') } });
    await until(jan, 'c-future', 3);
  });
});

describe('resuming', () => {
  it('replays what is missing and goes live, without gap or repeat, while others send', async () => {
    const { api, open } = fixture;
    await api.create('c-resume', 'kim', 'lee');
    for (let n = 2; n <= 50; n++) await api.send('c-resume', 'kim', 'x');
    let sending = true;
    const sender = (async () => {
      while (sending) await api.send('c-resume', 'kim', 'x');
    })();
    const clients = await Promise.all(seqsFrom(1, 20).map((after) => open('lee', { 'c-resume': after })));
    await waitFor(() => clients.every((client) => client.seqs('c-resume').length > 100), { what: 'events' });
    sending = false;
    await sender;
    const last = (await api.send('c-resume', 'kim', 'last')) as number;
    for (const [index, client] of clients.entries()) {
      await until(client, 'c-resume', last);
      expect(client.seqs('c-resume')).toEqual(seqsFrom(index + 2, last));
    }
  });

  it('replays pages of the past to who reads slowly, without closing them', async () => {
    const { api, open, connect } = fixture;
    await api.create('c-pages', 'max');
    for (let n = 2; n <= 900; n++) await api.send('c-pages', 'max', 'y'.repeat(10_000));
    const max = await open('max');
    await max.request('message.list', {});
    const slow = await open('max', { 'c-pages': 1 });
    slow.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
    slow.socket.resume();
    await until(slow, 'c-pages', 900);
    expect(slow.seqs('c-pages')).toEqual(seqsFrom(2, 900));
    expect((await connect()).isClosed).toBe(false);
  });

  it('replays 100,000 events of one conversation, and names what is beyond', async () => {
    const { api, open } = fixture;
    await api.create('c-far', 'ned');
    api.appendUnheard('c-far', 'ned', 100_001);
    await api.create('c-near', 'ned');
    const ned = await open('ned', { 'c-far': 1, 'c-none': 1 });
    await waitFor(() => resyncs(ned).length === 2, { what: 'two resyncs' });
    expect(resyncs(ned)).toEqual(
      expect.arrayContaining([
        { conversationId: 'c-far', reason: 'behind', seq: 100_002 },
        { conversationId: 'c-none', reason: 'left' },
      ]),
    );
    const back = await open('ned', { 'c-far': 2 });
    await waitFor(() => back.frames.length > 100_000, { what: 'all events', timeout: 60_000 });
    expect(back.seqs('c-far')).toEqual(seqsFrom(3, 100_002));
  });

  it('begins with the conversation that was active last', async () => {
    const { api, open } = fixture;
    const names = ['c-old', 'c-older', 'c-newest'];
    for (const name of ['c-older', 'c-old', 'c-newest']) {
      await api.create(name, 'amy');
      await api.send(name, 'amy', 'x');
      const now = Date.now();
      await waitFor(() => Date.now() > now, { what: 'another millisecond' });
    }
    const amy = await open('amy', Object.fromEntries(names.map((name) => [name, 1])));
    await waitFor(() => amy.notices('event').length === 3, { what: 'the events' });
    expect(amy.notices('event').map(({ conversationId }) => conversationId)).toEqual([
      'c-newest',
      'c-old',
      'c-older',
    ]);
  });

  it('names an event of the past that nobody can read, and goes on', async () => {
    const { api, open } = fixture;
    await api.create('c-riddle', 'ulf');
    for (let n = 2; n <= 6; n++) await api.send('c-riddle', 'ulf', 'x');
    api.makeUnreadable('c-riddle', 3, 4, 6);
    const ulf = await open('ulf', { 'c-riddle': 1 });
    await waitFor(() => resyncs(ulf).length === 2, { what: 'two resyncs' });
    expect(ulf.seqs('c-riddle')).toEqual([2, 5]);
    expect(resyncs(ulf)).toEqual([
      { conversationId: 'c-riddle', reason: 'unreadable', seq: 4 },
      { conversationId: 'c-riddle', reason: 'unreadable', seq: 6 },
    ]);
    await api.send('c-riddle', 'ulf', 'on');
    await until(ulf, 'c-riddle', 7);
  });

  it('from the future is refused, and may be tried again without those positions', async () => {
    const { api, connect } = fixture;
    await api.create('c-mine', 'vera');
    await api.create('c-ahead', 'vera');
    await api.create('c-theirs', 'else');
    const client = await connect();
    const opening = async (resume: Record<string, number>) =>
      client.request('session.open', { token: await tokenOf('vera'), device: 'd', resume });
    const { error } = await opening({ 'c-mine': 1, 'c-ahead': 2, 'c-theirs': 99 });
    // Of a conversation that is not hers nothing is told, not even how long it is.
    expect(error?.data).toEqual({ tag: 'PositionAhead', retryable: false, about: ['c-ahead'] });
    expect((await opening({ 'c-mine': 1, 'c-theirs': 99 })).result).toMatchObject({ conversations: 2 });
    await api.send('c-ahead', 'vera', 'x');
    await until(client, 'c-ahead', 2);
  });

  it('from what another gateway delivered first waits until it has come here', async () => {
    const { api, open } = fixture;
    await api.create('c-early', 'wes', 'xena');
    const wes = await open('wes');
    api.appendUnheard('c-early', 'wes', 3);
    const xena = await open('xena', { 'c-early': 3 });
    await until(wes, 'c-early', 4);
    await until(xena, 'c-early', await api.send('c-early', 'wes', 'five'));
    expect(xena.seqs('c-early')).toEqual([4, 5]);
    expect(wes.seqs('c-early')).toEqual([2, 3, 4, 5]);
    expect(resyncs(xena)).toEqual([]);
  });

  it('asks once about what thousands missed alike', async () => {
    const { api, open } = fixture;
    const users = Array.from({ length: 40 }, (_, n) => `twin${n}`);
    await api.create('c-alike', ...users);
    for (let n = 2; n <= 5; n++) await api.send('c-alike', 'twin0', 'x');
    const [before, askedBefore] = [api.requests.length, api.asked.length];
    const clients = await Promise.all(users.map((user) => open(user, { 'c-alike': 1 })));
    for (const client of clients) {
      await until(client, 'c-alike', 5);
      expect(client.seqs('c-alike')).toEqual([2, 3, 4, 5]);
    }
    for (const method of ['internal.memberships', 'internal.membership', 'internal.replay']) {
      const requests = api.requests.slice(before).filter((request) => request.method === method);
      expect(requests.length).toBeLessThan(20);
    }
    const pages = api.asked.slice(askedBefore).filter(({ method }) => method === 'internal.replay');
    expect(pages.length).toBeLessThan(20);
  });

  it('replays nothing where nothing is missing', async () => {
    const { api, open } = fixture;
    await api.create('c-same', 'oda');
    const before = api.asked.length;
    const oda = await open('oda', { 'c-same': 1 });
    await api.send('c-same', 'oda', 'x');
    await until(oda, 'c-same', 2);
    expect(api.asked.slice(before).map(({ method }) => method)).not.toContain('internal.replay');
    expect(resyncs(oda)).toEqual([]);
  });

  it('replays no further than what was delivered to the others, who get the rest together', async () => {
    const { api, open } = fixture;
    await api.create('c-pace', 'owner', 'qin');
    const owner = await open('owner');
    await until(owner, 'c-pace', await api.send('c-pace', 'owner', 'two'));
    api.appendUnheard('c-pace', 'owner', 2);
    const qin = await open('qin', { 'c-pace': 1 });
    const last = await api.send('c-pace', 'owner', 'five');
    await until(qin, 'c-pace', last);
    await until(owner, 'c-pace', last);
    expect(qin.seqs('c-pace')).toEqual(seqsFrom(2, last));
    expect(owner.seqs('c-pace')).toEqual(seqsFrom(2, last));
    expect(resyncs(qin)).toEqual([]);
  });

  it('gives up after some failures, and says so', async () => {
    const { api, open } = fixture;
    await api.create('c-fails', 'pam');
    await api.send('c-fails', 'pam', 'x');
    api.obstruct(({ method }) => (method === 'internal.replay' ? refuse('Unavailable') : undefined));
    const pam = await open('pam', { 'c-fails': 1 });
    await waitFor(() => resyncs(pam).length > 0, { what: 'the resync' });
    expect(resyncs(pam)).toEqual([{ conversationId: 'c-fails', reason: 'unavailable', seq: 2 }]);
    await api.send('c-fails', 'pam', 'y');
    await until(pam, 'c-fails', 3);
    expect(pam.seqs('c-fails')).toEqual([3]);
  });

  it('is refused, to be tried again, while very many conversations do not answer', async () => {
    const { api, connect } = fixture;
    const ids = Array.from({ length: 101 }, (_, n) => `c-mute-${n}`);
    for (const id of ids) await api.create(id, 'rolf');
    api.obstruct(({ method }) => (method === 'internal.membership' ? refuse('Unavailable') : undefined));
    const client = await connect();
    const opening = async () => client.request('session.open', { token: await tokenOf('rolf'), device: 'd' });
    expect((await opening()).error?.data).toMatchObject({ tag: 'Unavailable', retryable: true });
    api.obstruct(() => undefined);
    expect((await opening()).result).toMatchObject({ conversations: 101 });
  });

  it('goes on with the other conversations while one does not answer', async () => {
    const { api, open } = fixture;
    await api.create('c-well', 'qia');
    await api.create('c-ill', 'qia');
    let isIll = true;
    api.obstruct(({ params }) =>
      isIll && (params as { conversationId?: string }).conversationId === 'c-ill'
        ? refuse('Unavailable')
        : undefined,
    );
    const qia = await open('qia', { 'c-well': 1, 'c-ill': 1 });
    await api.send('c-well', 'qia', 'x');
    await until(qia, 'c-well', 2);
    expect(resyncs(qia)).toEqual([{ conversationId: 'c-ill', reason: 'unavailable' }]);
    await api.send('c-ill', 'qia', 'unheard');
    isIll = false;
    await waitFor(() => resyncs(qia).length === 2, { what: 'the conversation joined late' });
    expect(resyncs(qia)[1]).toEqual({ conversationId: 'c-ill', reason: 'interrupted', seq: 2 });
    await until(qia, 'c-ill', await api.send('c-ill', 'qia', 'heard'));
    expect(qia.seqs('c-ill')).toEqual([3]);
    expect(addedTo(qia)).toEqual([]);
  });
});

describe('membership', () => {
  it('ends with the event that ends it, also when more follow in the same breath', async () => {
    const { api, open } = fixture;
    await api.create('c-out', 'olga', 'ray', 'sue', 'tom');
    const [owner, ray, sue, tom] = await Promise.all([open('olga'), open('ray'), open('sue'), open('tom')]);
    const ray2 = await open('ray');
    await Promise.all([
      api.send('c-out', 'owner', 'before'),
      api.remove('c-out', 'ray'),
      api.send('c-out', 'owner', 'after'),
      api.happen('c-out', 'sue', { type: 'member.left', data: {} }),
      api.send('c-out', 'owner', 'after'),
      api.ban('c-out', 'tom'),
      api.send('c-out', 'owner', 'after'),
    ]);
    await until(owner as ForeignClient, 'c-out', 8);
    for (const [client, last] of [
      [ray, 3],
      [ray2, 3],
      [sue, 5],
      [tom, 7],
    ] as const) {
      await waitFor(() => resyncs(client).length > 0, { what: 'the resync' });
      await client.request('message.list', {});
      expect(client.seqs('c-out')).toEqual(seqsFrom(2, last));
      expect(resyncs(client)).toEqual([{ conversationId: 'c-out', reason: 'left' }]);
    }
    expect(owner.seqs('c-out')).toEqual(seqsFrom(2, 8));
  });

  it('begins with the event that begins it, for every session, and is told once', async () => {
    const { api, open, nats } = fixture;
    await api.create('c-in', 'oscar');
    const owner = await open('oscar');
    const [uma, uma2] = [await open('uma'), await open('uma')];
    await Promise.all([
      api.send('c-in', 'owner', 'before'),
      api.add('c-in', 'uma'),
      api.send('c-in', 'owner', 'after'),
    ]);
    nats.publish('user.uma', JSON.stringify({ type: 'conversation.added', conversationId: 'c-in', seq: 3 }));
    nats.publish('user.uma', 'nonsense');
    await api.send('c-in', 'owner', 'later');
    for (const client of [uma, uma2]) {
      await until(client, 'c-in', 5);
      await client.request('message.list', {});
      expect(client.seqs('c-in')).toEqual([3, 4, 5]);
      expect(addedTo(client)).toEqual([{ conversationId: 'c-in', seq: 3 }]);
      const order = client.frames.map(({ method, params }) => (method === 'event' ? params?.seq : method));
      expect(order.indexOf('conversation.added')).toBeLessThan(order.indexOf(3));
    }
    expect(owner.seqs('c-in')).toEqual([2, 3, 4, 5]);
    await api.add('c-in', 'uma');
    await until(uma, 'c-in', 6);
    await uma.request('message.list', {});
    expect(addedTo(uma)).toHaveLength(1);
    expect(uma.seqs('c-in')).toEqual([3, 4, 5, 6]);
  });

  it('begins in a conversation nobody here followed, from its first event', async () => {
    const { api, open } = fixture;
    const vic = await open('vic');
    await api.create('c-new', 'else', 'vic');
    await api.send('c-new', 'else', 'hello');
    await until(vic, 'c-new', 2);
    expect(vic.seqs('c-new')).toEqual([1, 2]);
    expect(addedTo(vic)).toEqual([{ conversationId: 'c-new', seq: 1 }]);
  });

  it('is not given by a notice alone', async () => {
    const { api, open, nats } = fixture;
    await api.create('c-lie', 'owner');
    const wim = await open('wim');
    nats.publish('user.wim', JSON.stringify({ type: 'conversation.added', conversationId: 'c-lie', seq: 1 }));
    await waitFor(
      () => api.asked.some(({ method, caller }) => method === 'internal.membership' && caller.user === 'wim'),
      {
        what: 'the question',
      },
    );
    await api.send('c-lie', 'owner', 'x');
    await wim.request('message.list', {});
    expect(wim.seqs('c-lie')).toEqual([]);
    expect(addedTo(wim)).toEqual([]);
  });

  it('can end and begin again', async () => {
    const { api, open } = fixture;
    await api.create('c-again', 'owner', 'xia');
    await open('owner');
    const xia = await open('xia');
    await api.remove('c-again', 'xia');
    await api.send('c-again', 'owner', 'unheard');
    await api.add('c-again', 'xia');
    await api.send('c-again', 'owner', 'heard');
    await until(xia, 'c-again', 5);
    expect(xia.seqs('c-again')).toEqual([2, 4, 5]);
  });

  it('that changed while events were lost is found out before they are delivered', async () => {
    const { api, open, nats } = fixture;
    await api.create('c-blind', 'owner', 'yan', 'zoe', 'abe');
    const [owner, yan, zoe, abe] = await Promise.all([open('owner'), open('yan'), open('zoe'), open('abe')]);
    api.happenUnheard('c-blind', 'owner', { type: 'conversation.renamed', data: { title: closeTitle('2') } });
    api.happenUnheard('c-blind', 'owner', { type: 'member.banned', data: { banHash: 'hash-yan' } });
    api.happenUnheard('c-blind', 'owner', { type: 'member.removed', data: { users: ['zoe'] } });
    api.happenUnheard('c-blind', 'owner', { type: 'conversation.renamed', data: { title: closeTitle('5') } });
    const closed = {
      id: 'x',
      type: 'conversation.renamed',
      version: 1,
      conversationId: 'c-blind',
      seq: 6,
      at: 1,
      actor: 'owner',
      commandId: 'x',
      data: { title: closeTitle('6') },
    };
    api.happenUnheard('c-blind', 'owner', { type: 'conversation.renamed', data: { title: closeTitle('6') } });
    nats.publish(liveSubject('c-blind', PARTITIONS), JSON.stringify(closed));
    await until(owner, 'c-blind', 6);
    await until(abe, 'c-blind', 6);
    await Promise.all([yan.request('message.list', {}), zoe.request('message.list', {})]);
    expect(yan.seqs('c-blind')).toEqual([2, 3]);
    expect(zoe.seqs('c-blind')).toEqual([2, 3, 4]);
    expect(abe.seqs('c-blind')).toEqual(seqsFrom(2, 6));
  });
});

describe('a question who is a member', () => {
  /** Holds back the next answer about a user; returns when it is made, and lets it go when told. */
  function holdAnswerAbout(user: string) {
    const made = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let isFirst = true;
    fixture.api.holdBack(({ method, params }) => {
      const { users } = params as { users?: string[] };
      if (!isFirst || method !== 'internal.membership' || !users?.includes(user)) return undefined;
      isFirst = false;
      made.resolve();
      return gate.promise;
    });
    return { made: made.promise, release: gate.resolve };
  }

  it('that was answered before they left does not let them in', async () => {
    const { api, open } = fixture;
    await api.create('q-left', 'owner', 'kay');
    const owner = await open('owner');
    const answer = holdAnswerAbout('kay');
    const opening = open('kay', { 'q-left': 1 });
    await answer.made;
    await api.remove('q-left', 'kay');
    await until(owner, 'q-left', 2);
    answer.release();
    const kay = await opening;
    const last = await api.send('q-left', 'owner', 'secret');
    await until(owner, 'q-left', last);
    await kay.request('message.list', {});
    expect(kay.seqs('q-left')).toEqual([]);
    expect(resyncs(kay)).toEqual([{ conversationId: 'q-left', reason: 'left' }]);
  });

  it('that was answered before they were banned does not let them in', async () => {
    const { api, open } = fixture;
    await api.create('q-banned', 'owner', 'lou');
    const owner = await open('owner');
    const answer = holdAnswerAbout('lou');
    const opening = open('lou');
    await answer.made;
    await api.ban('q-banned', 'lou');
    await until(owner, 'q-banned', 2);
    answer.release();
    const lou = await opening;
    await until(owner, 'q-banned', await api.send('q-banned', 'owner', 'secret'));
    await lou.request('message.list', {});
    expect(lou.seqs('q-banned')).toEqual([]);
  });

  it('that was answered before they entered does not keep them out', async () => {
    const { api, open } = fixture;
    await api.create('q-entered', 'owner');
    await open('owner');
    const answer = holdAnswerAbout('mia');
    const opening = open('mia', { 'q-entered': 1 });
    await answer.made;
    await api.add('q-entered', 'mia');
    answer.release();
    const mia = await opening;
    await until(mia, 'q-entered', await api.send('q-entered', 'owner', 'hello'));
    expect(mia.seqs('q-entered')).toEqual([2, 3]);
  });

  it('whose answer is ahead of what came here waits for what is on its way', async () => {
    const { api, open } = fixture;
    await api.create('q-ahead', 'owner');
    const owner = await open('owner');
    const entry = { user: 'nia', role: 'member' as const, banHash: 'hash-nia' };
    api.happenUnheard('q-ahead', 'owner', { type: 'conversation.renamed', data: { title: closeTitle('x') } });
    api.happenUnheard('q-ahead', 'owner', { type: 'member.added', data: { members: [entry] } });
    const nia = await open('nia', { 'q-ahead': 2 });
    await until(nia, 'q-ahead', 3);
    await until(owner, 'q-ahead', 3);
    expect(nia.seqs('q-ahead')).toEqual([3]);
    expect(addedTo(nia)).toEqual([{ conversationId: 'q-ahead', seq: 3 }]);
    expect(owner.seqs('q-ahead')).toEqual([2, 3]);
  });

  it('that is not answered is asked again, until it is', async () => {
    const { api, open } = fixture;
    await api.create('q-retry', 'ora');
    const ora = await open('ora');
    let refusals = 3;
    api.obstruct(({ method }) =>
      method === 'internal.membership' && refusals-- > 0 ? refuse('Unavailable') : undefined,
    );
    api.appendUnheard('q-retry', 'ora', 1_500);
    await api.happen('q-retry', 'ora', { type: 'conversation.renamed', data: { title: closeTitle('x') } });
    await waitFor(() => resyncs(ora).length > 0, { what: 'the resync' });
    await until(ora, 'q-retry', await api.send('q-retry', 'ora', 'on'));
    expect(ora.seqs('q-retry')).toEqual([1_503]);
  });

  it('that a notice asked is asked again, until it is answered', async () => {
    const { api, open } = fixture;
    const pia = await open('pia');
    let refusals = 2;
    api.obstruct(({ method }) =>
      method === 'internal.membership' && refusals-- > 0 ? refuse('Unavailable') : undefined,
    );
    await api.create('q-notice', 'owner', 'pia');
    await until(pia, 'q-notice', 1);
    expect(addedTo(pia)).toEqual([{ conversationId: 'q-notice', seq: 1 }]);
  });
});

describe('receipts', () => {
  it('of many are told in one frame per conversation, of each user the newest', async () => {
    const { api, open } = fixture;
    const conversations = Array.from({ length: 5 }, (_, n) => `c-read-${n}`);
    for (const each of conversations) await api.create(each, 'bea', 'cal');
    const [bea, cal] = [await open('bea'), await open('cal')];
    const frames = ({ notices }: typeof bea, conversationId: string) =>
      notices('receipts').filter((notice) => notice.conversationId === conversationId);
    // Events that a busy machine brings too far from each other for one frame are told in two.
    const counts: number[] = [];
    for (const conversationId of conversations) {
      if (counts.includes(1)) break;
      await bea.request('receipt.mark', {
        marks: [
          { conversationId, delivered: 1 },
          { conversationId, delivered: 1, read: 1 },
        ],
      });
      const newest = {
        conversationId,
        watermarks: [{ user: 'bea', delivered: 1, read: 1, at: 1 }],
      };
      for (const each of [bea, cal])
        await waitFor(() => expect(frames(each, conversationId).at(-1)).toEqual(newest) ?? true, {
          what: 'the receipts',
        });
      counts.push(Math.max(frames(bea, conversationId).length, frames(cal, conversationId).length));
    }
    expect(counts).toContain(1);
  });
});

describe('a slow reader', () => {
  it('is closed and told to come back, and its neighbours notice nothing', async () => {
    const { api, open } = fixture;
    await api.create('c-slow', 'deb', 'eli');
    const [slow, brisk] = [await open('deb'), await open('eli')];
    slow.socket.pause();
    const text = 'z'.repeat(60_000);
    for (let n = 0; n < 200; n++) await api.send('c-slow', 'eli', text);
    const last = await api.send('c-slow', 'eli', 'last');
    await until(brisk, 'c-slow', last);
    expect(brisk.seqs('c-slow')).toEqual(seqsFrom(2, last));
    slow.socket.resume();
    expect((await slow.closed()).code).toBe(4001);
    const seqs = slow.seqs('c-slow') as number[];
    expect(seqs).toEqual(seqsFrom(2, seqs.at(-1) as number));
    expect(seqs.length).toBeLessThan(200);
    const back = await open('deb', { 'c-slow': seqs.at(-1) as number });
    await until(back, 'c-slow', last);
    expect(back.seqs('c-slow')).toEqual(seqsFrom((seqs.at(-1) as number) + 1, last));
  });

  it('is one of many, whose buffers are bounded, and who all come back to what they missed', async () => {
    const { api, open, gateway } = fixture;
    const names = Array.from({ length: 12 }, (_, n) => `sloth${n}`);
    await api.create('c-sloths', 'hare', ...names);
    const hare = await open('hare');
    const sloths = await Promise.all(names.map((name) => open(name)));
    for (const { socket } of sloths) socket.pause();
    const buffered = async (): Promise<number> => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
      return Number(/^parley_gateway_buffered_bytes(?:\{.*\})? (\d+)/m.exec(metrics)?.[1]);
    };
    const text = 'z'.repeat(60_000);
    let most = 0;
    for (let n = 2; n <= 160; n++) {
      await api.send('c-sloths', 'hare', text);
      // The neighbour has each before the next is sent, however the others stand.
      await until(hare, 'c-sloths', n);
      if (n % 10 === 0) most = Math.max(most, await buffered());
    }
    expect(hare.seqs('c-sloths')).toEqual(seqsFrom(2, 160));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(names.length * (1024 * 1024 + 80_000));
    for (const [n, sloth] of sloths.entries()) {
      sloth.socket.resume();
      expect((await sloth.closed()).code).toBe(4001);
      const read = sloth.seqs('c-sloths') as number[];
      const last = read.at(-1) ?? 1;
      expect(read).toEqual(seqsFrom(2, last));
      const back = await open(names[n] as string, { 'c-sloths': last });
      await until(back, 'c-sloths', 160);
      expect(back.seqs('c-sloths')).toEqual(seqsFrom(last + 1, 160));
      back.end();
    }
  });

  it('of answers is closed too', async () => {
    const { open, gateway } = fixture;
    const slowReaders = () => gaugeOf(gateway.url, 'slow_readers_total');
    const before = await slowReaders();
    const fed = await open('fed');
    fed.socket.pause();
    for (let n = 0; n < 40; n++) {
      fed.raw(
        JSON.stringify({
          jsonrpc: '2.0',
          id: n + 100,
          method: 'conversation.list',
          params: { limit: 300_000 },
        }),
      );
    }
    await waitFor(async () => (await slowReaders()) > before, { what: 'it to be too slow' });
    fed.socket.resume();
    expect((await fed.closed()).code).toBe(4001);
  });
});

describe('a gateway', () => {
  it('hears no conversation without a member here, and lets go of those whose members left', async () => {
    const { api, open, nats } = fixture;
    /** Whether anybody hears what is published there. */
    const isHeard = (subject: string) =>
      nats.request(subject, 'anybody?', { timeout: 100 }).then(
        () => true,
        (error: unknown) =>
          !(
            error instanceof errors.NoRespondersError ||
            (error as Error).cause instanceof errors.NoRespondersError
          ),
      );
    const subjects = [
      liveSubject('c-one', PARTITIONS),
      liveReceiptsSubject('c-one', PARTITIONS).replace('*', 'gil'),
      userSubject('gil'),
    ];
    await api.create('c-one', 'gil');
    expect(await Promise.all(subjects.map(isHeard))).toEqual([false, false, false]);
    const gil = await open('gil');
    expect(await Promise.all(subjects.map(isHeard))).toEqual([true, true, true]);
    gil.end();
    await waitFor(async () => (await Promise.all(subjects.map(isHeard))).every((heard) => !heard), {
      what: 'the conversation let go',
      timeout: 20_000,
    });
  });

  it('that stops answers what is under way and sends its clients elsewhere', async () => {
    const { api, natsUrl, open, connect } = fixture;
    const other = await openGateway(natsUrl);
    await api.create('c-stop', 'hana');
    const hana = await open('hana', undefined, other.ws);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    api.obstruct(async ({ method }) => {
      if (method === 'message.list') await gate;
      return undefined;
    });
    const answer = hana.request('message.list', {});
    await waitFor(() => api.requests.at(-1)?.method === 'message.list', { what: 'the request' });
    const stopped = other.stop();
    await expect(connect(other.ws)).rejects.toThrow();
    release();
    expect((await answer).result).toBeDefined();
    expect((await hana.closed()).code).toBe(1001);
    await stopped;
  });

  it('serves two gateways of one conversation alike', async () => {
    const { api, natsUrl, open } = fixture;
    const other = await openGateway(natsUrl);
    await api.create('c-two', 'iris', 'jack');
    const [iris, jack] = [await open('iris'), await open('jack', undefined, other.ws)];
    for (let n = 2; n <= 100; n++) await api.send('c-two', 'iris', 'x');
    await Promise.all([until(iris, 'c-two', 100), until(jack, 'c-two', 100)]);
    expect(iris.seqs('c-two')).toEqual(jack.seqs('c-two'));
    await other.stop();
  });
});

describe('events that come late', () => {
  const body = closeBody({ kind: 'text', text: 'the meadow at noon' });
  const frames = (client: ForeignClient) => JSON.stringify(client.frames);

  it('go without what they said once the life of the message is over, live and on resume', async () => {
    const { api, natsUrl, open } = fixture;
    let ahead = 0;
    const gateway = await openGateway(natsUrl, {}, () => ahead);
    await api.create('c-late', 'ida');
    const ida = await open('ida', undefined, gateway.ws);
    const expiresAt = Date.now() + 3_600_000;
    const tell = async () => {
      const seq = await api.happen('c-late', 'ida', {
        type: 'message.sent',
        data: { ordinal: 1, body, expiresAt },
      });
      await api.happen('c-late', 'ida', { type: 'message.edited', data: { seq, body, expiresAt } });
      const reaction = { seq, emoji: '🌻', removed: false, expiresAt };
      return api.happen('c-late', 'ida', { type: 'message.reacted', data: reaction });
    };
    await until(ida, 'c-late', await tell());
    expect(frames(ida)).toContain('the meadow at noon');
    expect(frames(ida)).toContain('🌻');
    ida.end();

    ahead = 3_600_000;
    const late = await open('ida', { 'c-late': 1 }, gateway.ws);
    await until(late, 'c-late', await tell());
    expect(late.seqs('c-late')).toEqual(seqsFrom(2, 7));
    expect(frames(late)).not.toContain('the meadow at noon');
    expect(frames(late)).not.toContain('🌻');
    expect(late.notices('event')[0]).toMatchObject({ data: { body: null, sealed: 'gone', expiresAt } });
    late.end();
    await gateway.stop();
  });

  it('are not told once their conversation has ended, and who was there reads anew', async () => {
    const { api, natsUrl, open } = fixture;
    let ahead = 0;
    const gateway = await openGateway(natsUrl, {}, () => ahead);
    const expiresAt = Date.now() + 3_600_000;
    await api.create('c-ended', 'jon');
    const jon = await open('jon', undefined, gateway.ws);
    await api.happen('c-ended', 'jon', { type: 'conversation.expirySet', data: { expiresAt } });
    await until(jon, 'c-ended', 2);
    const again = await open('jon', undefined, gateway.ws);
    ahead = 3_600_000;
    await api.send('c-ended', 'jon', 'the meadow at noon');
    for (const client of [jon, again]) {
      await waitFor(() => resyncs(client).length > 0, { what: 'the word to read anew' });
      expect(resyncs(client)).toEqual([{ conversationId: 'c-ended', reason: 'unreadable', seq: 3 }]);
      expect(frames(client)).not.toContain('the meadow at noon');
    }
    await api.happen('c-ended', '@system' as never, { type: 'conversation.closed', data: {} });
    await api.happen('c-ended', '@system' as never, { type: 'conversation.erased', data: {} });
    await until(jon, 'c-ended', 5);
    expect(jon.seqs('c-ended')).toEqual([2, 4, 5]);
    jon.end();
    again.end();
    await gateway.stop();
  });

  it('are not told of a conversation that was known to end when somebody began to follow it', async () => {
    const { api, natsUrl, open } = fixture;
    const expiresAt = Date.now() + 3_600_000;
    await api.create('c-ends', 'kay');
    await api.happen('c-ends', 'kay', { type: 'conversation.expirySet', data: { expiresAt } });
    let ahead = 0;
    const gateway = await openGateway(natsUrl, {}, () => ahead);
    const kay = await open('kay', undefined, gateway.ws);
    ahead = 3_600_000;
    await api.send('c-ends', 'kay', 'the meadow at noon');
    await waitFor(() => resyncs(kay).length > 0, { what: 'the word to read anew' });
    expect(frames(kay)).not.toContain('the meadow at noon');
    kay.end();
    await gateway.stop();
  });
});

describe('what is erased', () => {
  it('is told to the person who is, and nothing after it', async () => {
    const { api, open } = fixture;
    await api.create('c-person', 'lea', 'moe');
    const [lea, moe] = [await open('lea'), await open('moe')];
    await api.happen('c-person', '@system' as never, {
      type: 'member.erased',
      data: { user: 'moe' as never },
    });
    await api.send('c-person', 'lea', 'after');
    await until(lea, 'c-person', 3);
    await moe.request('message.list', {});
    expect(moe.seqs('c-person')).toEqual([2]);
  });

  it('is told to all of a conversation that is, and nothing after it', async () => {
    const { api, nats, open } = fixture;
    await api.create('c-whole', 'nia', 'ole');
    const clients = [await open('nia'), await open('ole')];
    await api.happen('c-whole', 'nia', { type: 'conversation.erased', data: {} });
    for (const client of clients) await until(client, 'c-whole', 2);
    const [event] = clients[0]?.notices('event') ?? [];
    const forged = { ...event, id: 'c-whole:3', version: 1, seq: 3, type: 'conversation.released', data: {} };
    nats.publish(liveSubject('c-whole', PARTITIONS), JSON.stringify(forged));
    await nats.flush();
    for (const client of clients) {
      await client.request('message.list', {});
      expect(client.seqs('c-whole')).toEqual([2]);
    }
  });
});
