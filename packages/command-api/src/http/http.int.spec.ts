import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { signToken } from '@parley/infra/runtime/tokens';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApi, startTestApi, TOKEN_SECRET } from '../testing/running-api.js';

let environment: TestEnvironment;
let api: RunningApi;
let url: string;
let ann: string;
let importer: string;

beforeAll(async () => {
  environment = await testEnvironment();
  api = await startTestApi(environment);
  url = api.url;
  ann = await token('ann');
  importer = await token('importer', 'import');
});
afterAll(async () => {
  await api?.stop();
  await environment?.dispose();
});

const token = (sub: string, scope?: string, expiresIn: number | string = '1h') =>
  signToken(TOKEN_SECRET, { sub, did: 'd1', expiresIn, ...(scope === undefined ? {} : { scope }) });

async function ask(
  verb: string,
  path: string,
  bearer: string | undefined,
  body?: unknown,
  extra: Record<string, string> = {},
) {
  const response = await fetch(url + path, {
    method: verb,
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...extra,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    retryAfter: response.headers.get('retry-after'),
    json: (await response.json()) as Record<string, unknown>,
  };
}

async function group(members: readonly string[] = ['bob']): Promise<string> {
  const conversationId = `g-${randomUUID()}`;
  const made = await ask('POST', '/v1/conversations', ann, {
    conversationId,
    commandId: randomUUID(),
    kind: 'group',
    members,
  });
  expect(made).toMatchObject({ status: 200, json: { conversationId, seq: 1 } });
  return conversationId;
}

const message = (words: string) => ({ body: { kind: 'text', text: words } });

describe('HTTP', () => {
  it('sends a message and repeats the first answer for the same Idempotency-Key', async () => {
    const path = `/v1/conversations/${await group()}/messages`;
    const first = await ask('POST', path, ann, message('hello'), { 'idempotency-key': 'k1' });
    const again = await ask('POST', path, ann, message('hello'), { 'idempotency-key': 'k1' });
    expect(first).toMatchObject({ status: 200, json: { seq: 2 } });
    expect(again.json).toEqual({ ...first.json, repeated: true });
  });

  it('shows a conversation to its members only', async () => {
    const path = `/v1/conversations/${await group(['bob', 'cid'])}`;
    expect(await ask('GET', `${path}?membersLimit=2`, ann)).toMatchObject({
      status: 200,
      json: {
        role: 'owner',
        memberCount: 3,
        hasMoreMembers: true,
        members: [{ user: 'ann' }, { user: 'bob' }],
      },
    });
    expect(await ask('GET', path, await token('eve'))).toMatchObject({
      status: 403,
      json: { tag: 'NotAMember' },
    });
  });

  it('does not tell strangers that two people talk', async () => {
    const conversationId = 'dm-3-ann-bob';
    await ask('POST', '/v1/conversations', ann, {
      conversationId,
      commandId: 'dm',
      kind: 'direct',
      members: ['bob'],
    });
    const eve = await token('eve');
    const there = await ask('GET', `/v1/conversations/${conversationId}`, eve);
    const notThere = await ask('GET', '/v1/conversations/dm-3-ann-cid', eve);
    expect(there.json).toEqual(notThere.json);
    expect(there).toMatchObject({ status: 404, json: { tag: 'ConversationNotFound' } });
  });

  it.each([
    ['no token', undefined, 401, 'NotAuthenticated'],
    ['nonsense', 'nonsense', 401, 'NotAuthenticated'],
    [
      'a forged token',
      signToken(Buffer.alloc(32, 9), { sub: 'ann', did: 'd', expiresIn: '1h' }),
      401,
      'NotAuthenticated',
    ],
    [
      'an expired token',
      signToken(TOKEN_SECRET, { sub: 'ann', did: 'd', expiresIn: -5 }),
      401,
      'TokenExpired',
    ],
  ])('refuses %s', async (_name, bearer, status, tag) => {
    expect(await ask('GET', '/v1/conversations', await bearer)).toMatchObject({
      status,
      type: 'application/problem+json; charset=utf-8',
      json: { tag },
    });
  });

  it.each([
    ['malformed JSON', '{"body":', 400, 'ParseError'],
    ['a body of the wrong type', { body: 'hello' }, 422, 'InvalidParams'],
    ['no body', {}, 422, 'InvalidParams'],
    ['a lone surrogate', '{"body":{"kind":"text","text":"\\ud800"}}', 422, 'InvalidParams'],
    ['a NUL', '{"body":{"kind":"text","text":"a\\u0000b"}}', 422, 'InvalidParams'],
    ['an empty text', message(''), 422, 'InvalidParams'],
    ['a text of more than 64 KiB', message('x'.repeat(65_537)), 422, 'InvalidParams'],
    ['a request of more than 128 KiB', message('x'.repeat(140_000)), 413, 'BodyTooLarge'],
    ['a reply to 2^53', { ...message('x'), replyTo: 2 ** 53 }, 422, 'InvalidParams'],
    ['deep nesting', `{"body":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 422, 'InvalidParams'],
    ['a time of its own without the scope', { ...message('x'), sentAt: 1 }, 403, 'ScopeMissing'],
    ['somebody else as its author without the scope', { ...message('x'), as: 'bob' }, 403, 'ScopeMissing'],
  ])('refuses a message with %s and goes on', async (_name, body, status, tag) => {
    const path = `/v1/conversations/${await group()}/messages`;
    const refused = await ask('POST', path, ann, body, { 'idempotency-key': randomUUID() });
    expect(refused).toMatchObject({ status, json: { tag, status } });
    expect(await ask('POST', path, ann, message('fine'), { 'idempotency-key': randomUUID() })).toMatchObject({
      json: { seq: 2 },
    });
  });

  it('keeps a text of exactly 64 KiB', async () => {
    const path = `/v1/conversations/${await group()}/messages`;
    const sent = await ask('POST', path, ann, message('x'.repeat(65_536)), { 'idempotency-key': 'big' });
    expect(sent).toMatchObject({ status: 200, json: { seq: 2 } });
  });

  it('takes the time from no client, whose clock may be wrong', async () => {
    const path = `/v1/conversations/${await group()}/messages`;
    const sent = await ask('POST', path, ann, { ...message('hello'), at: 5 }, { 'idempotency-key': 'late' });
    // The log's clock and this process's own may be apart by a little.
    expect(Math.abs((sent.json.at as number) - Date.now())).toBeLessThan(60_000);
  });

  it('lets importers speak for others, with times and places of their own', async () => {
    const conversationId = `g-${randomUUID()}`;
    await ask('POST', '/v1/conversations', importer, {
      conversationId,
      commandId: 'c',
      kind: 'group',
      members: ['bob'],
    });
    const path = `/v1/conversations/${conversationId}`;
    const line = (position: number) => ({
      ...message(`line ${position}`),
      commandId: `line-${position}`,
      as: 'bob',
      sentAt: 1_100_000_000_000,
      producer: { id: 'log.txt', position },
    });
    expect(await ask('POST', `${path}/messages`, importer, line(10))).toMatchObject({
      status: 200,
      json: { seq: 2 },
    });
    expect(await ask('POST', `${path}/messages`, importer, { ...line(9), commandId: 'other' })).toMatchObject(
      {
        json: { repeated: true },
      },
    );
    expect(await ask('GET', path, importer)).toMatchObject({
      json: { revision: 2, producers: { 'log.txt': 10 } },
    });
    expect((await ask('GET', path, await token('bob'))).json).not.toHaveProperty('producers');
  });

  it('refuses cursors of another conversation', async () => {
    const [one, other] = [await group(), await group()];
    const { timelineCursor } = await import('@parley/domain/wire/cursor');
    expect(
      await ask('GET', `/v1/conversations/${one}/messages?before=${timelineCursor(other, 5)}`, ann),
    ).toMatchObject({
      status: 422,
      json: { tag: 'CursorForeign' },
    });
  });

  it('takes the place of a page from one parameter alone', async () => {
    const path = `/v1/conversations/${await group()}/messages`;
    for (const place of [
      'around=0',
      'around=-1',
      'around=x',
      'around=1.5',
      'around=1&before=1.a',
      `around=${2 ** 53}`,
    ])
      expect(await ask('GET', `${path}?${place}`, ann)).toMatchObject({
        status: 422,
        json: { tag: 'InvalidParams' },
      });
  });

  it('moves watermarks forward only, and not beyond the newest event', async () => {
    const conversationId = await group();
    for (const word of ['one', 'two']) {
      await ask('POST', `/v1/conversations/${conversationId}/messages`, ann, message(word), {
        'idempotency-key': word,
      });
    }
    const bob = await token('bob');
    const mark = (read: number) => ask('POST', '/v1/receipts', bob, { marks: [{ conversationId, read }] });
    expect(await mark(3)).toMatchObject({
      status: 200,
      json: { watermarks: [{ user: 'bob', read: 3, delivered: 3 }] },
    });
    expect(await mark(2)).toMatchObject({ status: 200, json: { watermarks: [{ read: 3 }] } });
    expect(await mark(4)).toMatchObject({ status: 422, json: { tag: 'BeyondTheHead' } });
    expect(
      await ask('POST', '/v1/receipts', await token('eve'), { marks: [{ conversationId, read: 1 }] }),
    ).toMatchObject({
      status: 403,
    });
  });

  it('tells who read a message to members alone, and of messages that are there', async () => {
    const conversationId = await group();
    const info = (seq: number, who: string) =>
      ask('GET', `/v1/conversations/${conversationId}/messages/${seq}/info`, who);
    expect(await info(9, ann)).toMatchObject({ status: 404, json: { tag: 'MessageNotFound' } });
    expect(await info(1, await token('eve'))).toMatchObject({ status: 403, json: { tag: 'NotAMember' } });
  });

  it('lets an operator who is no member put a conversation on legal hold, and nobody else', async () => {
    const id = await group();
    const path = `/v1/conversations/${id}`;
    await ask('POST', `${path}/messages`, ann, message('evidence'), { 'idempotency-key': 'sent' });
    const judge = await token('judge', 'hold');
    const hold = (bearer: string) =>
      ask('PUT', `${path}/hold`, bearer, { reason: 'case 7' }, { 'idempotency-key': randomUUID() });
    expect(await hold(ann)).toMatchObject({ status: 403, json: { tag: 'ScopeMissing' } });
    expect(await hold(await token('eve'))).toMatchObject({ status: 403, json: { tag: 'NotAMember' } });
    expect((await hold(judge)).status).toBe(200);
    const held = { hold: { reason: 'case 7', by: 'judge', since: expect.any(Number) } };
    expect((await ask('GET', path, ann)).json).toMatchObject(held);

    const refused = { status: 409, json: { tag: 'OnLegalHold' } };
    const key = () => ({ 'idempotency-key': randomUUID() });
    expect(await ask('DELETE', `${path}/messages/2`, ann, undefined, key())).toMatchObject(refused);
    expect(await ask('DELETE', path, ann, undefined, key())).toMatchObject(refused);
    const eraser = await token('judge', 'erase');
    expect(await ask('DELETE', path, eraser, undefined, key())).toMatchObject(refused);

    expect((await ask('DELETE', `${path}/hold`, ann, undefined, key())).json).toMatchObject({
      tag: 'ScopeMissing',
    });
    expect((await ask('DELETE', `${path}/hold`, judge, undefined, key())).status).toBe(200);
    expect((await ask('GET', path, ann)).json.hold).toBeUndefined();
    expect((await ask('DELETE', `${path}/messages/2`, ann, undefined, key())).status).toBe(200);
  });

  it('describes itself as OpenAPI and AsyncAPI', async () => {
    const openApi = await ask('GET', '/v1/openapi.json', undefined);
    expect(openApi.json).toMatchObject({ openapi: '3.1.0' });
    expect(Object.keys(openApi.json.paths as object)).toContain(
      '/v1/conversations/{conversationId}/messages',
    );
    expect((await ask('GET', '/v1/asyncapi.json', undefined)).json).toMatchObject({ asyncapi: '3.0.0' });
  });

  it('answers what is not there with a problem, and its health with ok', async () => {
    expect(await ask('GET', '/v1/nothing', ann)).toMatchObject({
      status: 404,
      json: { tag: 'MethodNotFound' },
    });
    expect(await ask('GET', '/health', undefined)).toMatchObject({ status: 200 });
    expect(await ask('GET', '/ready', undefined)).toMatchObject({ status: 200 });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('parley_request_seconds_bucket');
  });
});

it('refuses with the time to come again what comes too fast, and counts each user alone', async () => {
  const hasty = await token('hasty');
  const mark = (bearer: string) => ask('POST', '/v1/receipts', bearer, { marks: [] });
  for (let n = 0; n < 30; n++) expect((await mark(hasty)).status).toBe(422);
  const refused = await mark(hasty);
  expect(refused).toMatchObject({ status: 429, json: { tag: 'RateLimited', retryable: true } });
  const retryAfterMs = refused.json.retryAfterMs as number;
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(Number(refused.retryAfter)).toBe(Math.ceil(retryAfterMs / 1_000));
  expect((await mark(await token('patient'))).status).toBe(422);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^parley_limited_total\{what="signals",of="user".*\} 1$/m);
});
