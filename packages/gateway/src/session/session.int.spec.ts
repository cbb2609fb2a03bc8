import { refusals, refuse } from '@parley/domain/conversation/refusals';
import { closeCodes } from '@parley/domain/wire/close-codes';
import { methods } from '@parley/domain/wire/methods';
import { connectClient, type ForeignClient } from '@parley/infra/testing/foreign-client';
import { waitFor } from '@parley/infra/testing/wait-for';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forgedToken, type GatewayFixture, openGatewayFixture, tokenOf } from '../testing/gateway-fixture.js';

let fixture: GatewayFixture;
beforeAll(async () => {
  fixture = await openGatewayFixture();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.api.obstruct(() => undefined));

const tagOf = (answer: { error?: { data: { tag: string } } }) => answer.error?.data.tag;
const sessionOpen = async (client: ForeignClient, token: Promise<string>) =>
  client.request('session.open', { token: await token, device: 'laptop' });

describe('connecting', () => {
  it('answers operators on the same port', async () => {
    const { url } = fixture.gateway;
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('parley_gateway_connections');
    expect((await fetch(`${url}/other`)).status).toBe(404);
    expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(404);
  });

  it('is refused without the subprotocol parley.v1', async () => {
    await expect(connectClient(fixture.gateway.ws, [])).rejects.toThrow('status 400');
    await expect(connectClient(fixture.gateway.ws, ['graphql-ws'])).rejects.toThrow('status 400');
    const { socket } = await connectClient(fixture.gateway.ws, ['other', 'parley.v1']);
    expect(socket.protocol).toBe('parley.v1');
    socket.terminate();
  });
});

describe('opening a session', () => {
  it('says who it is, how long the token lasts and what time it is', async () => {
    await fixture.api.create('c-hello', 'hello');
    const client = await fixture.connect();
    const askedAt = Date.now();
    const { result } = await sessionOpen(client, tokenOf('hello'));
    expect(result).toEqual({
      user: 'hello',
      device: 'laptop',
      conversations: 1,
      expiresAt: expect.any(Number),
      now: expect.any(Number),
    });
    expect(Number(result?.expiresAt)).toBeGreaterThan(Date.now() + 3_590_000);
    expect(Math.abs(Number(result?.now) - askedAt)).toBeLessThan(60_000);
  });

  it('must come within five seconds', async () => {
    const client = await fixture.connect();
    const connectedAt = Date.now();
    expect((await client.closed()).code).toBe(4400);
    expect(Date.now() - connectedAt).toBeGreaterThan(4_500);
  });

  it('must come before anything else, and once', async () => {
    const client = await fixture.connect();
    expect(tagOf(await client.request('message.list', {}))).toBe('NotAuthenticated');
    await sessionOpen(client, tokenOf('once'));
    expect(tagOf(await sessionOpen(client, tokenOf('once')))).toBe('SessionAlreadyOpen');
    expect((await client.request('message.list', {})).result).toBeDefined();
  });

  it('with a forged token is refused, and the connection closed for good', async () => {
    const client = await fixture.connect();
    expect(tagOf(await sessionOpen(client, forgedToken('eve')))).toBe('NotAuthenticated');
    expect((await client.closed()).code).toBe(4403);
  });

  it('with an expired token is refused, and the connection closed to renew it', async () => {
    const client = await fixture.connect();
    expect(tagOf(await sessionOpen(client, tokenOf('late', -60)))).toBe('TokenExpired');
    expect((await client.closed()).code).toBe(4401);
  });

  it('with a token that ended a moment ago is refused too', async () => {
    const client = await fixture.connect();
    expect(tagOf(await sessionOpen(client, tokenOf('late', -2)))).toBe('TokenExpired');
    expect((await client.closed()).code).toBe(4401);
  });

  it.each([
    ['no token', { device: 'd' }],
    ['a token that is none', { token: 5, device: 'd' }],
    ['no device', { token: 't' }],
    ['a position that is none', { token: 't', device: 'd', resume: { c: 2 ** 53 } }],
    ['a position below nothing', { token: 't', device: 'd', resume: { c: -1 } }],
    ['a position in no conversation', { token: 't', device: 'd', resume: { 'not a conversation!': 1 } }],
    ['positions in a list', { token: 't', device: 'd', resume: [1] }],
    ['nothing', undefined],
  ])('with %s says so, and leaves time to do better', async (_, params) => {
    const client = await fixture.connect();
    expect(tagOf(await client.request('session.open', params))).toBe('InvalidParams');
    expect((await sessionOpen(client, tokenOf('better'))).result).toBeDefined();
  });

  it('while command-api is away can be tried again on the same connection', async () => {
    fixture.api.obstruct(({ method }) =>
      method === 'internal.memberships' ? refuse('Unavailable') : undefined,
    );
    const client = await fixture.connect();
    expect(tagOf(await sessionOpen(client, tokenOf('again')))).toBe('Unavailable');
    fixture.api.obstruct(() => undefined);
    expect((await sessionOpen(client, tokenOf('again'))).result).toBeDefined();
  });

  it('ends with the token, at that moment, and before one that ends later', async () => {
    const [brief, longer] = [await fixture.connect(), await fixture.connect()];
    const endsAt = Math.floor(Date.now() / 1_000) * 1_000 + 2_000;
    await sessionOpen(longer, tokenOf('longer', 4));
    await sessionOpen(brief, tokenOf('brief', 2));
    expect((await brief.closed()).code).toBe(4401);
    expect(Math.abs(Date.now() - endsAt)).toBeLessThan(600);
    expect(longer.isClosed).toBe(false);
    expect((await longer.closed()).code).toBe(4401);
  });
});

describe('a token that ends', () => {
  const renewal = async (token: Promise<string> | string) => ({ token: await token });

  it('is announced once, and renewed without a word to the others', async () => {
    const client = await fixture.connect();
    await sessionOpen(client, tokenOf('renews', 8));
    const warning = await client.next(({ method }) => method === 'session.expiring', 'the warning');
    expect(warning.params?.inMs).toBeLessThanOrEqual(800);
    const { result } = await client.request('session.renew', await renewal(tokenOf('renews', '1h')));
    expect(Number(result?.expiresAt)).toBeGreaterThan(Date.now() + 3_500_000);
    await waitFor(() => Date.now() > Number(warning.params?.expiresAt) + 500, { what: 'the old end' });
    expect((await client.request('message.list', {})).result).toBeDefined();
    expect(client.notices('session.expiring')).toHaveLength(1);
  });

  it('gives its session the scopes of the next', async () => {
    const client = await fixture.open('widens');
    await client.request('session.renew', await renewal(tokenOf('widens', '1h', 'laptop', 'import')));
    expect((await client.request('message.list', {})).result).toMatchObject({
      caller: { user: 'widens', scopes: ['import'] },
    });
  });

  it.each<[string, () => Promise<string> | string, string]>([
    ['of somebody else', () => tokenOf('else'), 'ForeignToken'],
    ['of another device', () => tokenOf('stays', '1h', 'phone'), 'ForeignToken'],
    ['that is forged', () => forgedToken('stays'), 'NotAuthenticated'],
    ['that has expired', () => tokenOf('stays', -60), 'TokenExpired'],
    ['that ended a moment ago', () => tokenOf('stays', -2), 'TokenExpired'],
    ['that is none', () => '', 'InvalidParams'],
  ])('is not renewed by one %s, and the session goes on', async (_, token, tag) => {
    const client = await fixture.open('stays');
    expect(tagOf(await client.request('session.renew', await renewal(token())))).toBe(tag);
    expect((await client.request('message.list', {})).result).toMatchObject({ caller: { user: 'stays' } });
  });

  it('cannot be renewed before there is a session', async () => {
    const client = await fixture.connect();
    expect(tagOf(await client.request('session.renew', await renewal(tokenOf('early'))))).toBe(
      'NotAuthenticated',
    );
    expect((await sessionOpen(client, tokenOf('early'))).result).toBeDefined();
  });
});

describe('requests', () => {
  it('reach command-api with who asks, and their answers come back as they are', async () => {
    const client = await fixture.open('asker');
    const { result } = await client.request('message.list', { conversationId: 'c', limit: 3 });
    expect(result).toEqual({
      params: { conversationId: 'c', limit: 3 },
      caller: { user: 'asker', device: 'laptop', scopes: [] },
    });
  });

  it('are answered in UTF-8, whatever letters the answer has', async () => {
    const client = await fixture.open('accented');
    for (const text of ['plain', 'clé', 'clé €', '« é »'.repeat(1_000), '😀']) {
      const { result } = await client.request('message.list', { text });
      expect(result).toMatchObject({ params: { text } });
    }
  });

  it('that are refused get the error of the table', async () => {
    const client = await fixture.open('stranger');
    const { error } = await client.request('message.send', {
      conversationId: 'c-hello',
      body: { text: 'x' },
    });
    expect(error).toEqual({
      code: 1403,
      message: 'Only members may do this; ask an admin of the conversation to add you.',
      data: { tag: 'NotAMember', retryable: false },
    });
  });

  it('without an id get no answer, and are done all the same', async () => {
    await fixture.api.create('c-notify', 'notifier');
    const client = await fixture.open('notifier');
    client.raw(
      JSON.stringify({
        jsonrpc: '2.0',
        method: 'message.send',
        params: { conversationId: 'c-notify', body: { text: 'x' } },
      }),
    );
    client.raw(JSON.stringify({ jsonrpc: '2.0', method: 'no.such', params: {} }));
    await waitFor(() => client.seqs('c-notify').includes(2), { what: 'the message' });
    await client.request('message.list', {});
    expect(client.frames.filter(({ method, id }) => method === undefined && id !== 1 && id !== 2)).toEqual(
      [],
    );
  });

  it('without an id that only an answer would make sense of do nothing', async () => {
    const client = await fixture.connect();
    const notify = (method: string, params: unknown) =>
      client.raw(JSON.stringify({ jsonrpc: '2.0', method, params }));
    notify('session.open', { token: await tokenOf('silent'), device: 'laptop' });
    expect(tagOf(await client.request('message.list', {}))).toBe('NotAuthenticated');
    await sessionOpen(client, tokenOf('silent'));
    const before = fixture.api.requests.length;
    notify('message.list', {});
    notify('event', { conversationId: 'c-hello', seq: 1 });
    await client.request('conversation.list', {});
    expect(fixture.api.requests.slice(before).map(({ method }) => method)).toEqual(['conversation.list']);
    expect(client.frames.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it('to open a second session are refused, and the first goes on', async () => {
    const client = await fixture.open('twice');
    expect(tagOf(await sessionOpen(client, tokenOf('other')))).toBe('SessionAlreadyOpen');
    expect((await client.request('message.list', {})).result).toMatchObject({ caller: { user: 'twice' } });
  });

  it('in a batch are answered by one batch, notifications left out', async () => {
    const client = await fixture.open('batcher');
    client.raw(
      JSON.stringify([
        { jsonrpc: '2.0', id: 'a', method: 'message.list' },
        { jsonrpc: '2.0', method: 'message.list' },
        { jsonrpc: '2.0', id: null, method: 'no.such' },
        7,
      ]),
    );
    const batch = await waitFor(() => client.batches[0], { what: 'the batch' });
    expect(new Set(batch.map(({ id, error }) => [id, error?.data.tag].join(' ')))).toEqual(
      new Set(['a ', ' MethodNotFound', ' InvalidRequest']),
    );
    client.raw(JSON.stringify([{ jsonrpc: '2.0', method: 'message.list' }]));
    await client.request('message.list');
    expect(client.batches).toHaveLength(1);
  });

  it('wait for their answers in bounded number', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    fixture.api.obstruct(async ({ method }) => {
      if (method === 'message.list') await gate;
      return undefined;
    });
    const client = await fixture.open('hasty');
    const answers = Array.from({ length: 70 }, () => client.request('message.list', {}));
    const refused = await Promise.all(answers.slice(64));
    expect(refused.map(tagOf)).toEqual(Array(6).fill('TooManyRequests'));
    open();
    expect((await Promise.all(answers.slice(0, 64))).every(({ result }) => result !== undefined)).toBe(true);
    expect((await client.request('message.list', {})).result).toBeDefined();
  });

  it('in a batch whose answer grows too long are refused one by one, short ones answered', async () => {
    const client = await fixture.open('greedy');
    const batch = Array.from({ length: 6 }, (_, id) => ({
      jsonrpc: '2.0',
      id,
      method: id === 5 ? 'message.list' : 'conversation.list',
      params: id === 5 ? {} : { limit: 400_000 },
    }));
    client.raw(JSON.stringify(batch));
    const answers = await waitFor(() => client.batches[0], { what: 'the batch' });
    expect(answers.filter(({ error }) => error?.data.tag === 'TooManyRequests')).toHaveLength(3);
    expect(answers.find(({ id }) => id === 5)?.result).toBeDefined();
  });
});

describe('bad input', () => {
  const request = (params: string, method = 'message.list') =>
    `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`;
  const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;

  it.each<[string, string, string | undefined]>([
    ['text that is no JSON', 'hello', 'ParseError'],
    ['nothing', '', 'ParseError'],
    ['half a request', '{"jsonrpc":"2.0"', 'ParseError'],
    ['an empty batch', '[]', 'InvalidRequest'],
    ['a number', '5', 'InvalidRequest'],
    ['null', 'null', 'InvalidRequest'],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"message.list"}', 'InvalidRequest'],
    ['a method that is no text', '{"jsonrpc":"2.0","id":1,"method":{}}', 'InvalidRequest'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"message.list"}', 'InvalidRequest'],
    ['an id beyond numbers', '{"jsonrpc":"2.0","id":1e999,"method":"message.list"}', 'InvalidRequest'],
    [
      'an id of 200 KB',
      `{"jsonrpc":"2.0","id":"${'i'.repeat(100_000)}","method":"message.list"}`,
      'InvalidRequest',
    ],
    ['an unknown method', request('{}', 'no.such'), 'MethodNotFound'],
    ['a method named like a property of all objects', request('{}', 'constructor'), 'MethodNotFound'],
    [
      'a method that only gateways may call',
      request('{"user":"ann"}', 'internal.memberships'),
      'MethodNotFound',
    ],
    ['a method of NUL', request('{}', '\\u0000'), 'MethodNotFound'],
    ['a method with half a character', request('{}', '\\ud800'), 'MethodNotFound'],
    ['params that are a list', request('[]'), 'InvalidParams'],
    ['params that are text', request('"x"'), 'InvalidParams'],
    ['params that are null', request('null'), 'InvalidParams'],
    [
      'an id beyond safe numbers',
      '{"jsonrpc":"2.0","id":9007199254740992,"method":"message.list"}',
      'InvalidRequest',
    ],
    ['a batch of thousands', `[${Array(5_000).fill('1').join(',')}]`, 'BatchTooLarge'],
    ['nesting of 60,000', request(nested(60_000)), 'InvalidParams'],
    ['nesting of 60,000 outside', '['.repeat(60_000), 'ParseError'],
    ['a batch that is nested', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 'InvalidRequest'],
    ['nesting of 1,000', request(nested(1_000)), undefined],
    ['2^53', request('{"limit":9007199254740992}'), undefined],
    ['a lone surrogate', request('{"conversationId":"\\ud800"}'), undefined],
    ['NUL and line ends', request('{"conversationId":"\\u0000\\n\\r\\n0 Rx"}'), undefined],
    ['a prototype', request('{"__proto__":{"a":1},"constructor":1}'), undefined],
    ['a conversation that is a number', request('{"conversationId":5,"marks":[null]}'), undefined],
  ])('gets the error of the table: %s', async (_, frame, tag) => {
    const client = await fixture.open('bad');
    const before = client.frames.length;
    client.raw(frame);
    const answer = await waitFor(
      () => client.frames.slice(before).find(({ method }) => method === undefined) ?? client.batches[0]?.[0],
      { what: 'an answer' },
    );
    expect(tagOf(answer)).toBe(tag);
    // The session lives on.
    expect((await client.request('message.list', {})).result).toBeDefined();
    client.end();
  });

  it('passes text on as it is, halves of characters and NUL included: what they mean is command-api’s to say', async () => {
    const client = await fixture.open('verbatim');
    const words = 'a\u0000b\ud800c\nd';
    const { result } = await client.request('message.list', { words });
    expect(result?.params).toEqual({ words });
  });

  it('of any form gets an answer of the table, or silence, and breaks nothing', async () => {
    // What command-api makes of parameters is its own affair.
    const client = await fixture.connect();
    fixture.api.obstruct(({ method }) =>
      method === 'message.list' || method.startsWith('internal.') ? undefined : refuse('InvalidParams'),
    );
    await sessionOpen(client, tokenOf('fuzz'));
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(null, 2 ** 53, -1, '\u0000', '\ud800', '__proto__', [], {}),
    );
    const method = fc.oneof(fc.constantFrom(...Object.keys(methods)), fc.string());
    const item = fc.record(
      {
        jsonrpc: fc.oneof({ weight: 5, arbitrary: fc.constant('2.0') }, value),
        id: fc.oneof({ weight: 5, arbitrary: fc.nat() }, value),
        method: fc.oneof({ weight: 5, arbitrary: method }, value),
        params: fc.oneof(
          value,
          fc.dictionary(
            fc.constantFrom('conversationId', 'marks', 'token', 'device', 'resume', 'users'),
            value,
          ),
        ),
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      item.map((one) => JSON.stringify(one)),
      fc.array(item, { maxLength: 8 }).map((batch) => JSON.stringify(batch)),
      fc.string({ unit: 'binary' }),
    );
    for (const frame of fc.sample(text, 2_000)) {
      client.raw(frame);
      // In step: what waits for answers is bounded, and that is another test.
      if (Math.random() < 0.2) await client.request('message.list', {});
    }
    expect((await client.request('message.list', {})).result).toBeDefined();
    const answers = [...client.frames, ...client.batches.flat()].filter(({ method }) => method === undefined);
    for (const { error } of answers)
      if (error !== undefined) expect(Object.keys(refusals)).toContain(error.data.tag);
    expect(answers.length).toBeGreaterThan(500);
  });

  it('closes for a binary frame', async () => {
    const client = await fixture.open('binary');
    client.raw(Buffer.from('{}'), { binary: true });
    expect((await client.closed()).code).toBe(1002);
  });

  it('takes a frame of 128 KiB and closes for one that is longer', async () => {
    const client = await fixture.open('large');
    const frame = (size: number) => {
      const around = request('{"a":""}').length;
      return request(`{"a":"${'x'.repeat(size - around)}"}`);
    };
    client.raw(frame(128 * 1024));
    await client.next(({ id, result }) => id === 1 && result?.params !== undefined, 'the answer');
    client.raw(frame(128 * 1024 + 1));
    expect((await client.closed()).code).toBe(1009);
  });

  const positions = (count: number, idLength: number): Record<string, number> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`${n}`.padStart(idLength, 'c'), Number.MAX_SAFE_INTEGER]),
    );

  it('that resumes 100,000 conversations is told that a frame is bounded, also with the longest ids', async () => {
    for (const idLength of [36, 140]) {
      const client = await fixture.connect();
      client.raw(
        request(
          JSON.stringify({ token: 't', device: 'd', resume: positions(100_000, idLength) }),
          'session.open',
        ),
      );
      expect(await client.closed()).toEqual({ code: 1009, reason: closeCodes.FrameTooLarge.sentence });
    }
  });

  it('that resumes more conversations than one may, in a frame of good size, is told how many', async () => {
    const client = await fixture.connect();
    const resume = Object.fromEntries(Array.from({ length: 12_000 }, (_, n) => [`c${n}`, 1]));
    const answer = await client.request('session.open', { token: 't', device: 'd', resume });
    expect(answer.error?.message).toContain('has 12000 entries, at most 10000 are allowed');
  });

  it('survives frames no client should send, and clients that vanish half-way', async () => {
    for (const text of ['x'.repeat(17 * 1024 * 1024), 'x'.repeat(900_000)]) {
      const client = await fixture.open('rude');
      client.raw(text);
      await client.closed();
    }
    const client = await fixture.open('rude');
    client.raw(request('{}'));
    client.end();
    expect((await fixture.open('polite')).isClosed).toBe(false);
  });
});
