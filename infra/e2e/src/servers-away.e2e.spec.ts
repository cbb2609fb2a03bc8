import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import type { LiveEvent } from '@parley/domain/wire/live';
import { forgetHome } from '@parley/infra/embedded/forget-home';
import { type Stack, startStack } from '@parley/infra/embedded/stack';
import { connectClient } from '@parley/infra/testing/foreign-client';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

/** Ms for which a server is away: longer than every patience on the way of a message. */
const AWAY = 8_000;

/** Ms a send may take while a server that it does not need is away. */
const PROMPT = 3_000;

/** Messages a conversation has before anything happens: more than the cached page holds. */
const BEFORE = 400;

let home: string;
let stack: Stack;
let system: SystemProcesses;
const clients: ParleyClient[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-test-'));
  stack = await startStack({ home, syncAlways: false, useEnvironment: false });
  system = await startSystem({ natsUrl: stack.nats, databaseUrl: stack.database, redisUrl: stack.redis });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  await system?.stop();
  await stack?.stop();
  await forgetHome(home);
});

/** Stops a server, and starts it again after the work, also when that fails: the next test needs it. */
async function without(name: 'nats' | 'postgres' | 'redis', work: () => Promise<void>): Promise<void> {
  await stack.stopServer(name);
  try {
    await work();
  } finally {
    await stack.startServer(name);
  }
}

type Person = { readonly client: ParleyClient; readonly heard: LiveEvent[]; readonly resyncs: unknown[] };

async function person(user: string, device = 'd1'): Promise<Person> {
  const client = await connect({ url: system.ws, token: await system.token(user), device });
  clients.push(client);
  const [heard, resyncs]: [LiveEvent[], unknown[]] = [[], []];
  client.on('event', (event) => heard.push(event));
  client.on('resync', (resync) => resyncs.push(resync));
  return { client, heard, resyncs };
}

/** Two people in a conversation with a past. */
async function talk() {
  const [ann, bob] = [await person('ann'), await person('bob')];
  const id = `g-${randomUUID()}`;
  await ann.client.call('conversation.create', { conversationId: id, kind: 'group', members: ['bob'] });
  const said: string[] = [];
  const say = async ({ client }: Person, text: string): Promise<number> => {
    const { seq } = await client.send(id, { text });
    said[seq] = text;
    return seq;
  };
  await Promise.all(Array.from({ length: BEFORE }, (_, n) => say(ann, `before ${n}`)));
  await ann.client.messages(id, { minSeq: BEFORE + 1 });
  return { id, ann, bob, say, said: () => said.filter((text) => text !== undefined) };
}

type Talk = Awaited<ReturnType<typeof talk>>;

const textsOf = (events: readonly LiveEvent[], id: string): readonly unknown[] =>
  events
    .filter(({ type, conversationId }) => type === 'message.sent' && conversationId === id)
    .map(({ data }) => (data.body as { text: string }).text);

/** Both send in turn for as long as a server is away; each message is acknowledged soon, and heard by the other. */
async function keepTalking({ id, ann, bob, say }: Talk, what: string): Promise<void> {
  const until = Date.now() + AWAY;
  for (let n = 0; Date.now() < until; n++) {
    const [from, to] = n % 2 === 0 ? [ann, bob] : [bob, ann];
    const text = `${what} ${n}`;
    const sentAt = Date.now();
    await say(from, text);
    expect(Date.now() - sentAt, 'ms until the acknowledgement').toBeLessThan(PROMPT);
    await waitFor(() => textsOf(to.heard, id).includes(text), {
      what: `${text} to be heard`,
      timeout: PROMPT,
    });
    await sleep(50);
  }
}

async function expectHeardOnce({ id, ann, bob, said }: Talk): Promise<void> {
  for (const { heard, resyncs } of [ann, bob]) {
    await waitFor(() => textsOf(heard, id).length >= said().length, { what: 'everything to be heard' });
    expect(textsOf(heard, id)).toEqual(said());
    expect(resyncs).toEqual([]);
  }
}

async function history(client: ParleyClient, id: string): Promise<readonly unknown[]> {
  const texts: unknown[] = [];
  for (let before: string | undefined, more = true; more; ) {
    const page = await client.messages(id, { limit: 200, ...(before === undefined ? {} : { before }) });
    texts.unshift(...page.messages.map(({ body }) => (body as { text: string }).text));
    [before, more] = [page.nextCursor, page.hasMore];
  }
  return texts;
}

const expectHistory = ({ id, bob, said }: Talk): Promise<unknown> =>
  waitFor(async () => (await history(bob.client, id)).length === said().length, {
    what: 'the whole history',
    timeout: 20_000,
  }).then(async () => expect(await history(bob.client, id)).toEqual(said()));

describe('while Postgres is away', () => {
  it('people talk and read the newest page; older history is refused as retryable, and whole afterwards', async () => {
    const conversation = await talk();
    const { id, ann, bob, say, said } = conversation;
    const before = (await ann.client.messages(id, { limit: 20 })).nextCursor as string;
    const oldest = `3.${before.split('.')[1]}`;
    await without('postgres', async () => {
      await keepTalking(conversation, 'no Postgres');

      const { messages } = await bob.client.messages(id, { limit: 20 });
      expect(messages.map(({ body }) => (body as { text: string }).text)).toEqual(said().slice(-20));
      await expect(bob.client.messages(id, { before: oldest })).rejects.toMatchObject({
        tag: 'Unavailable',
        retryable: true,
      });
      // Who was told nothing while away asks again by this, and learns how far the others have come.
      expect(await ann.client.call('conversation.get', { conversationId: id })).toMatchObject({ behind: 1 });
      const late = await person('bob', 'd2');
      await say(ann, 'to a session opened meanwhile');
      await waitFor(() => textsOf(late.heard, id).length === 1, { what: 'the new session to hear' });
    });
    await expectHistory(conversation);
    await expectHeardOnce(conversation);
  });
});

describe('while Redis is away', () => {
  it('everything goes on', async () => {
    const conversation = await talk();
    const { id, ann, bob, say, said } = conversation;
    await without('redis', async () => {
      await keepTalking(conversation, 'no Redis');
      await expectHistory(conversation);
      await waitFor(async () => (await bob.client.conversations()).conversations[0]?.conversationId === id, {
        what: 'the list',
      });
      const late = await person('bob', 'd2');
      await say(ann, 'to a session opened meanwhile');
      await waitFor(() => textsOf(late.heard, id).length === 1, { what: 'the new session to hear' });
    });
    const seq = await say(bob, 'after');
    const { messages } = await ann.client.messages(id, { limit: 20, minSeq: seq });
    expect(messages.map(({ body }) => (body as { text: string }).text)).toEqual(said().slice(-20));
    await expectHeardOnce(conversation);
  });
});

describe('presence while Redis is away', () => {
  it('is unknown, and of everyone as before once it is back, with nothing left in it', async () => {
    const { ann, bob } = await talk();
    const heard: string[] = [];
    ann.client.on('presence', ({ people }) => heard.push(...people.map(({ status }) => status)));
    const watch = () => ann.client.call('presence.watch', { users: ['bob'] });
    await bob.client.call('presence.set', { status: 'away' });
    await waitFor(async () => (await watch()).people[0]?.status === 'away', { what: 'bob to be away' });
    heard.length = 0;
    await without('redis', async () => {
      await waitFor(() => heard.at(-1) === 'unknown', { what: 'presence to be unknown' });
      expect((await watch()).people).toEqual([{ user: 'bob', status: 'unknown' }]);
    });
    await waitFor(() => heard.at(-1) === 'away', { what: 'presence to be known again', timeout: 30_000 });
    expect(heard).toEqual(['unknown', 'away']);
  });
});

describe('while NATS is away', () => {
  it('sending is refused, what the client keeps is sent once afterwards, and sessions go on', async () => {
    const conversation = await talk();
    const { id, ann, bob, say, said } = conversation;
    const token = await system.token('ann');
    const socket = await connectClient(system.ws);
    await socket.request('session.open', { token, device: 'd2' });
    const lost = await system.token('ann', undefined, '1d', 'lost');
    const readBy = async (bearer: string, query: string): Promise<Response> =>
      fetch(`${system.api}/v1/conversations/${id}/messages?${query}`, {
        headers: { authorization: `Bearer ${bearer}` },
      });
    await ann.client.call('device.revoke', { device: 'lost' });
    await waitFor(async () => (await readBy(lost, 'limit=20')).status === 403, {
      what: 'the end of a device',
    });
    let kept: Promise<unknown> = Promise.resolve();
    const cursor = (await ann.client.messages(id, { limit: 1 })).nextCursor?.split('.')[1];
    await without('nats', async () => {
      kept = Promise.all(Array.from({ length: 20 }, (_, n) => say(n % 2 === 0 ? ann : bob, `kept ${n}`)));
      const body = { kind: 'text', text: 'by hand' };
      for (const [method, params] of [
        ['message.send', { conversationId: id, commandId: 'by-hand', body }],
        ['message.list', { conversationId: id }],
      ] as const) {
        const refused = await socket.request(method, params);
        expect(refused.error).toMatchObject({ data: { tag: 'Unavailable', retryable: true } });
      }
      // The socket's questions go through NATS; HTTP goes to command-api itself, which reads from Postgres.
      for (const query of ['limit=20', `limit=20&before=100.${cursor}`]) {
        const answer = await readBy(token, query);
        expect(answer.status).toBe(200);
        expect((await readBy(lost, query)).status).toBe(403);
        expect(((await answer.json()) as { messages: unknown[] }).messages).toHaveLength(20);
      }
      await sleep(AWAY / 2);
      expect(ann.client.unanswered + bob.client.unanswered).toBe(20);
    });
    await kept;
    await say(ann, 'after');
    expect(said()).toHaveLength(BEFORE + 21);
    await expectHeardOnce(conversation);
    await expectHistory(conversation);
    socket.end();
  });
});
