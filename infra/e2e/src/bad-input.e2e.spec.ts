import { randomBytes, randomUUID } from 'node:crypto';
import { connect } from '@parley/client/parley-client';
import { type RefusalTag, refusals } from '@parley/domain/conversation/refusals';
import { type CloseTag, closeCodes } from '@parley/domain/wire/close-codes';
import { signToken } from '@parley/infra/runtime/tokens';
import { connectClient, type ForeignClient, type Received } from '@parley/infra/testing/foreign-client';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

let environment: TestEnvironment;
let system: SystemProcesses;
let mine: string;
let foreign: string;
const sockets: ForeignClient[] = [];

beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment);
  mine = await conversationOf('ann');
  foreign = await conversationOf('zed');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.end();
});
afterAll(async () => {
  await system?.stop();
  await environment?.dispose();
});

async function conversationOf(user: string): Promise<string> {
  const client = await connect({ url: system.ws, token: await system.token(user), device: 'd1' });
  const conversationId = `g-${randomUUID()}`;
  await client.call('conversation.create', { conversationId, kind: 'group', members: [] });
  await client.send(conversationId, { text: `of ${user}` });
  client.close();
  return conversationId;
}

async function stranger(protocols?: string[]): Promise<ForeignClient> {
  const socket = await connectClient(system.ws, protocols);
  sockets.push(socket);
  return socket;
}

async function ann(): Promise<ForeignClient> {
  const socket = await stranger();
  const opened = await socket.request('session.open', { token: await system.token('ann'), device: 'd1' });
  expect(opened.error).toBeUndefined();
  return socket;
}

function expectRefusal(frame: Received | readonly Received[], tag: RefusalTag): void {
  const { code, retryable } = refusals[tag];
  expect(frame).toMatchObject({ error: { code, data: { tag, retryable } } });
}

const expectClose = async (socket: ForeignClient, tag: CloseTag): Promise<void> =>
  expect((await socket.closed()).code).toBe(closeCodes[tag].code);

/** A send by hand, with whatever is put in. */
const sent = (change: Record<string, unknown> = {}) => ({
  conversationId: mine,
  commandId: randomUUID(),
  body: { kind: 'text', text: 'hello' },
  ...change,
});
const text = (text: string) => ({ body: { kind: 'text', text } });
const rpc = (rest: Record<string, unknown>) => ({ jsonrpc: '2.0', ...rest });

afterEach(async () => {
  const socket = await ann();
  const answer = await socket.request('message.send', sent());
  expect(answer.result, 'the system still works').toMatchObject({ conversationId: mine });
});

describe('a session that is open', () => {
  it.each<readonly [what: string, frame: string, tag: RefusalTag]>([
    ['no JSON', '{"jsonrpc":"2.0",', 'ParseError'],
    ['nothing', '', 'ParseError'],
    ['a NUL', '\u0000', 'ParseError'],
    ['a number', '7', 'InvalidRequest'],
    ['null', 'null', 'InvalidRequest'],
    ['an empty batch', '[]', 'InvalidRequest'],
    ['another version', '{"jsonrpc":"1.0","id":null,"method":"message.send"}', 'InvalidRequest'],
    ['no method', '{"jsonrpc":"2.0","id":null}', 'InvalidRequest'],
    ['an object as id', '{"jsonrpc":"2.0","id":{},"method":"message.send"}', 'InvalidRequest'],
    [
      'an id beyond 2^53',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"message.send"}',
      'InvalidRequest',
    ],
    ['arrays without end', '['.repeat(60_000), 'ParseError'],
    ['arrays within arrays', `${'['.repeat(60_000)}${']'.repeat(60_000)}`, 'InvalidRequest'],
  ])('answers a frame of %s', async (_, frame, tag) => {
    const socket = await ann();
    const answer =
      frame.startsWith('[[') && frame.endsWith(']')
        ? await nested(socket, frame)
        : await socket.answerTo(frame);
    expectRefusal(answer, tag);
    expect(socket.isClosed).toBe(false);
  });

  /** A batch of one thing that is no request. */
  const nested = async (socket: ForeignClient, frame: string): Promise<Received> => {
    const answers = await socket.batch(frame);
    return (answers as readonly Received[])[0] as Received;
  };

  it('answers methods that are not there', async () => {
    const socket = await ann();
    for (const method of [
      'no.such',
      '',
      'constructor',
      '__proto__',
      'internal.membership',
      'message.expire',
      'x'.repeat(9_000),
    ]) {
      expectRefusal(await socket.request(method, {}), 'MethodNotFound');
    }
  });

  it('answers parameters that do not fit, and stores nothing of them', async () => {
    const socket = await ann();
    const bad: readonly unknown[] = [
      null,
      [],
      'text',
      7,
      {},
      sent({ conversationId: 'a.b' }),
      sent({ conversationId: '*' }),
      sent({ conversationId: '>' }),
      sent({ conversationId: '' }),
      sent({ conversationId: 'x'.repeat(141) }),
      sent({ conversationId: { toString: 'x' } }),
      sent({ commandId: 'with blank' }),
      sent({ commandId: undefined }),
      sent({ body: 'hello' }),
      sent({ body: { kind: 'other' } }),
      sent(text('')),
      sent(text('a \u0000 b')),
      sent(text('a \ud800 b')),
      sent(text('a \udfff')),
      sent(text('x'.repeat(65_537))),
      sent(text('é'.repeat(32_769))),
      sent({ replyTo: 2 ** 53 }),
      sent({ replyTo: -1 }),
      sent({ replyTo: 1.5 }),
      sent({ replyTo: '1' }),
    ];
    for (const params of bad) expectRefusal(await socket.request('message.send', params), 'InvalidParams');
    for (const seq of [0, -1, 1.5, 2 ** 53, '1', null])
      expectRefusal(
        await socket.request('message.delete', { conversationId: mine, commandId: randomUUID(), seq }),
        'InvalidParams',
      );
    for (const limit of [0, -1, 201, 2 ** 53, 'all', 1.5])
      expectRefusal(await socket.request('message.list', { conversationId: mine, limit }), 'InvalidParams');
    for (const read of [2 ** 53, -1, '1'])
      expectRefusal(
        await socket.request('receipt.mark', { marks: [{ conversationId: mine, read }] }),
        'InvalidParams',
      );
    const written = (await socket.request('message.list', { conversationId: mine })).result?.messages as {
      body: { text: string };
    }[];
    expect(new Set(written.map(({ body }) => body.text))).toEqual(new Set(['of ann', 'hello']));
  });

  it('answers parameters as deep as a frame can hold', async () => {
    const socket = await ann();
    const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    const within = (params: unknown) =>
      JSON.stringify(rpc({ id: 77, method: 'message.send', params })).replace('"DEEP"', deep);
    for (const params of [
      'DEEP',
      sent({ body: 'DEEP' }),
      sent({ replyTo: 'DEEP' }),
      sent({ body: { kind: 'DEEP' } }),
    ])
      expectRefusal(await socket.answerTo(within(params), 77), 'InvalidParams');
    expectRefusal(
      await socket.answerTo(within({ token: 'DEEP' }).replace('message.send', 'session.open'), 77),
      'InvalidParams',
    );
    const unknown = await socket.answerTo(within(sent({ unknown: 'DEEP' })), 77);
    expect(unknown.error?.data.tag ?? 'taken').toMatch(/InvalidParams|taken/);
  });

  it('takes a lone surrogate written as an escape for what it is', async () => {
    const socket = await ann();
    const frame = JSON.stringify(rpc({ id: 77, method: 'message.send', params: sent(text('LONE')) }));
    expectRefusal(await socket.answerTo(frame.replace('LONE', '\\ud800'), 77), 'InvalidParams');
    expectRefusal(await socket.answerTo(frame.replace('LONE', '\\u0000'), 77), 'InvalidParams');
    const beyond = frame.replace('"body"', '"replyTo":9007199254740993,"body"');
    expectRefusal(await socket.answerTo(beyond, 77), 'InvalidParams');
  });

  it('takes a body of 64 KiB', async () => {
    const socket = await ann();
    expect((await socket.request('message.send', sent(text('x'.repeat(65_536))))).result).toBeDefined();
    await socket.request('message.send', sent());
  });

  it('refuses a batch of 1,000 as one, and answers 100 in one frame', async () => {
    const socket = await ann();
    const request = (id: number) => rpc({ id, method: 'no.such' });
    const many = (count: number) => Array.from({ length: count }, (_, id) => request(id + 1_000));
    expectRefusal(await socket.batch(many(1_000)), 'BatchTooLarge');
    expectRefusal(await socket.batch(many(101)), 'BatchTooLarge');
    const answers = await socket.batch(many(100));
    expect(answers).toHaveLength(100);
    const mixed = await socket.batch([
      request(1),
      7,
      rpc({ method: 'message.send', params: 5 }),
      rpc({ id: 2, method: 'message.list', params: { conversationId: mine } }),
    ]);
    expect((mixed as readonly Received[]).map(({ id }) => id).toSorted()).toEqual([1, 2, null]);
  });

  it('cannot be opened a second time', async () => {
    const socket = await ann();
    const again = await socket.request('session.open', { token: await system.token('zed'), device: 'd1' });
    expectRefusal(again, 'SessionAlreadyOpen');
    expectRefusal(await socket.request('message.list', { conversationId: foreign }), 'NotAMember');
  });

  it('gives nothing of a conversation of somebody else, nor whether there is one', async () => {
    const socket = await ann();
    const answers = async (conversationId: string) => {
      const send = await socket.request('message.send', sent({ conversationId }));
      const list = await socket.request('message.list', { conversationId });
      const get = await socket.request('conversation.get', { conversationId });
      const mark = await socket.request('receipt.mark', { marks: [{ conversationId, read: 1 }] });
      return [send, list, get, mark].map(({ error }) => error?.data.tag);
    };
    for (const tag of await answers(foreign)) expect(['NotAMember', 'ConversationNotFound']).toContain(tag);
    for (const tag of await answers('g-nowhere'))
      expect(['NotAMember', 'ConversationNotFound']).toContain(tag);
  });

  it('refuses the cursor of another conversation, and what is no cursor', async () => {
    const socket = await ann();
    const other = await conversationOf('ann');
    for (let more = 0; more < 3; more++)
      await socket.request('message.send', sent({ conversationId: other }));
    const page = await socket.request('message.list', { conversationId: other, limit: 1, minSeq: 5 });
    const before = page.result?.nextCursor as string;
    expect(before).toBeTypeOf('string');
    expectRefusal(await socket.request('message.list', { conversationId: mine, before }), 'CursorForeign');
    for (const cursor of ['x', '1', '-1.x', '9007199254740993.x', "1.x' or '1'='1"])
      expectRefusal(
        await socket.request('message.list', { conversationId: mine, before: cursor }),
        cursor.startsWith("1.x'") ? 'CursorForeign' : 'InvalidParams',
      );
    expectRefusal(
      await socket.request('message.list', { conversationId: mine, before, after: before }),
      'InvalidParams',
    );
    expectRefusal(await socket.request('conversation.list', { after: 'x' }), 'InvalidParams');
  });

  it('ends with a binary frame, and with one of more than 128 KiB', async () => {
    const binary = await ann();
    binary.raw(Buffer.from(JSON.stringify(rpc({ id: 1, method: 'message.send', params: sent() }))));
    await expectClose(binary, 'ProtocolError');
    const large = await ann();
    large.raw(
      JSON.stringify(rpc({ id: 1, method: 'message.send', params: sent({ extra: 'x'.repeat(131_072) }) })),
    );
    await expectClose(large, 'FrameTooLarge');
  });
});

describe('a token', () => {
  const opened = async (token: unknown): Promise<readonly [Received, ForeignClient]> => {
    const socket = await stranger();
    return [await socket.request('session.open', { token, device: 'd1' }), socket];
  };
  const endOf = (token: string, length: number) => `${token.slice(0, -length)}${'A'.repeat(length)}`;

  it('that has expired is refused, and the connection closed', async () => {
    const good = await system.token('ann', undefined);
    expect((await opened(good))[0].result).toBeDefined();
    const [answer, socket] = await opened(await system.token('ann', undefined, -60));
    expectRefusal(answer, 'TokenExpired');
    await expectClose(socket, 'TokenExpired');
  });

  it('that is forged is refused, and the connection closed', async () => {
    const good = await system.token('ann');
    const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url');
    const forged = [
      await signToken(randomBytes(32), { sub: 'ann', did: 'd1', expiresIn: '1d' }),
      endOf(good, 8),
      `${part({ alg: 'none' })}.${good.split('.')[1]}.`,
      `${good.split('.')[0]}.${part({ sub: 'zed', did: 'd1', exp: 4_000_000_000 })}.${good.split('.')[2]}`,
      'no token',
    ];
    for (const token of forged) {
      const [answer, socket] = await opened(token);
      expectRefusal(answer, 'NotAuthenticated');
      await expectClose(socket, 'TokenRefused');
    }
  });

  it('of the wrong type is no parameter', async () => {
    for (const token of [undefined, null, 7, {}, '', 'x'.repeat(8_193)]) {
      expectRefusal((await opened(token))[0], 'InvalidParams');
    }
  });
});

describe('a connection without a session', () => {
  it('can ask for nothing, and is closed after five seconds', async () => {
    const socket = await stranger();
    expectRefusal(await socket.request('message.list', { conversationId: mine }), 'NotAuthenticated');
    await expectClose(socket, 'OpenTimeout');
  });

  it('is not made without our subprotocol', async () => {
    for (const protocols of [[], ['graphql-ws'], ['parley.v2']])
      await expect(stranger(protocols)).rejects.toThrow('status 400');
  });
});
