import { randomUUID } from 'node:crypto';
import { asyncApi } from '@parley/command-api/http/async-api';
import { openApi } from '@parley/command-api/http/open-api';
import type { Method } from '@parley/domain/wire/core-methods';
import { type MethodName, methods } from '@parley/domain/wire/methods';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MovedClockStack, openMovedClockStack } from './leaks/moved-clock-stack.js';
import { text } from './leaks/planted.js';

const HOUR = 3_600_000;

describe('lives and ends by the wire', { timeout: 60_000 }, () => {
  let stack: MovedClockStack;
  let socket: ForeignClient;
  /** Its messages live an hour. */
  let hourly: string;

  beforeAll(async () => {
    stack = await openMovedClockStack();
    hourly = await group({ ttl: 3_600 });
    socket = await stack.open('ann');
  });
  afterAll(() => stack?.close());

  async function group(more: object = {}): Promise<string> {
    const conversationId = `g-${randomUUID()}`;
    await stack.done('conversation.create', { conversationId, kind: 'group', members: ['bob'], ...more });
    return conversationId;
  }

  const get = async (conversationId: string) =>
    JSON.parse((await stack.ask('conversation.get', { conversationId })).text);

  const bounds = '5 to 31536000';
  const badLives: readonly (readonly [unknown, string])[] = [
    [0, '5'],
    [4, '5'],
    [-1, '5'],
    [1.5, '5'],
    [31_536_001, '31536000'],
    [2 ** 53, '31536000'],
    ['1h', '5'],
    ['60', '5'],
    [true, '5'],
    [[], '5'],
  ];
  const badTimes: readonly unknown[] = [-1, 1.5, 2 ** 53, '1h', '2030-01-01', true, {}];
  const notAhead = () => [0, 1, Date.now() - 1_000, Date.now() + 1_000];

  const cases: readonly (readonly [MethodName, string, object, string, RegExp])[] = [
    ...badLives.map(
      ([ttl, bound]) =>
        [
          'message.send',
          `ttl ${JSON.stringify(ttl)}`,
          { ttl },
          'InvalidParams',
          new RegExp(`ttl.*${bound}`),
        ] as const,
    ),
    ['message.send', 'a life of null', { ttl: null }, 'InvalidParams', /ttl/],
    [
      'message.send',
      'a longer life than allowed here',
      { ttl: 3_601 },
      'LifeNotAllowed',
      /at most 3600 s here/,
    ],
    ...badLives.map(
      ([ttl]) =>
        [
          'conversation.setTtl',
          `ttl ${JSON.stringify(ttl)}`,
          { ttl },
          'InvalidParams',
          new RegExp(`ttl.*${bounds}`),
        ] as const,
    ),
    ['conversation.setTtl', 'no ttl', {}, 'InvalidParams', /ttl/],
    ...['conversation.setExpiry', 'conversation.create'].flatMap((method) => [
      ...badTimes.map(
        (expiresAt) =>
          [
            method as MethodName,
            `expiresAt ${JSON.stringify(expiresAt)}`,
            { expiresAt },
            'InvalidParams',
            /expiresAt/,
          ] as const,
      ),
      ...notAhead().map(
        (expiresAt, index) =>
          [
            method as MethodName,
            `an end that is not ahead (${index})`,
            { expiresAt },
            'LifeNotAllowed',
            /expiresAt must be 5 s ahead/,
          ] as const,
      ),
    ]),
    ['conversation.setExpiry', 'no end', {}, 'InvalidParams', /expiresAt/],
  ];

  const paramsOf = (method: MethodName, more: object): object => ({
    conversationId: method === 'conversation.create' ? `g-${randomUUID()}` : hourly,
    commandId: randomUUID(),
    ...(method === 'message.send' ? { body: text('x') } : {}),
    ...(method === 'conversation.create' ? { kind: 'group', members: [] } : {}),
    ...more,
  });

  it.each(cases)('refuse %s with %s, by HTTP and by the socket', async (method, _, more, tag, detail) => {
    const params = paramsOf(method, more);
    const byHttp = JSON.parse((await stack.ask(method, params)).text);
    expect(byHttp).toMatchObject({
      tag,
      status: 422,
      retryable: false,
      detail: expect.stringMatching(detail),
    });
    const bySocket = await socket.request(method, params);
    expect(bySocket.error).toMatchObject({
      data: { tag, retryable: false },
      message: expect.stringMatching(detail),
    });
  });

  it('refuse NaN, which JSON does not have', async () => {
    const raw = `{"jsonrpc":"2.0","id":"nan","method":"conversation.setTtl","params":{"ttl":NaN}}`;
    expect((await socket.answerTo(raw)).error).toMatchObject({ data: { tag: 'ParseError' } });
  });

  it('go on after all that', async () => {
    expect(await stack.done('message.send', { conversationId: hourly, body: text('x'), ttl: 5 })).toBe(2);
    expect(await get(hourly)).toMatchObject({ ttl: 3_600, revision: 2 });
  });

  it('count for messages sent afterwards', async () => {
    const conversationId = await group();
    const send = (more: object = {}) =>
      stack.done('message.send', { conversationId, body: text('x'), ...more });
    await send();
    await stack.done('conversation.setTtl', { conversationId, ttl: 60 });
    await send();
    const head = await send({ ttl: 5 });
    await stack.projected(conversationId, head);
    const { messages } = JSON.parse((await stack.ask('message.list', { conversationId })).text);
    const lives = messages.map(
      ({ at, expiresAt }: { at: number; expiresAt?: number }) => expiresAt && expiresAt - at,
    );
    expect(lives).toEqual([undefined, 60_000, 5_000]);
  });

  it('and pins, holds and erasures have their places in HTTP', async () => {
    const expiresAt = Date.now() + HOUR;
    const conversationId = await group({ expiresAt });
    expect(await get(conversationId)).toMatchObject({ expiresAt, ttl: null, pins: [] });
    await stack.done('conversation.setExpiry', { conversationId, expiresAt: expiresAt + HOUR });
    await stack.done('conversation.setTtl', { conversationId, ttl: 60 });
    const seq = await stack.done('message.send', { conversationId, body: text('x') });
    await stack.done('message.pin', { conversationId, seq });
    expect(await get(conversationId)).toMatchObject({ expiresAt: expiresAt + HOUR, ttl: 60, pins: [seq] });
    await stack.done('message.unpin', { conversationId, seq });
    await stack.done('conversation.setExpiry', { conversationId, expiresAt: null });
    const after = await get(conversationId);
    expect(after).toMatchObject({ pins: [] });
    expect(after).not.toHaveProperty('expiresAt');

    const mayNot = await stack.ask('conversation.hold', { conversationId, commandId: 'h', reason: 'case 7' });
    expect(JSON.parse(mayNot.text)).toMatchObject({ tag: 'ScopeMissing', status: 403 });
    await stack.done('conversation.hold', { conversationId, reason: 'case 7' }, 'judge', 'hold');
    expect(await get(conversationId)).toMatchObject({ hold: { reason: 'case 7', by: 'judge' } });
    const held = await stack.ask('conversation.erase', { conversationId, commandId: 'e' });
    expect(JSON.parse(held.text)).toMatchObject({ tag: 'OnLegalHold', status: 409 });
    await stack.done('conversation.release', { conversationId }, 'judge', 'hold');
    expect(await get(conversationId)).not.toHaveProperty('hold');
    await stack.done('conversation.erase', { conversationId });
    expect(await get(conversationId)).toMatchObject({ tag: 'ConversationNotFound', status: 404 });
  });

  it('are described, each method with all its parameters', () => {
    const paths = openApi().paths as Record<string, Record<string, { operationId: string }>>;
    const described = new Set(
      Object.values(paths).flatMap((verbs) => Object.values(verbs).map(({ operationId }) => operationId)),
    );
    const rows = Object.entries<Method>(methods);
    expect([...described].sort()).toEqual(rows.flatMap(([name, { http }]) => (http ? [name] : [])).sort());
    const socketOf = asyncApi() as { channels: { socket: { messages: object } } };
    expect(Object.keys(socketOf.channels.socket.messages)).toEqual(
      expect.arrayContaining(rows.map(([name]) => name)),
    );
    const place = JSON.stringify(paths['/v1/conversations/{conversationId}/messages']);
    for (const word of ['"around"', '"ttl"', '"expiresAt"', '"sealed"', '"previousCursor"'])
      expect(place).toContain(word);
  });
});
