import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { searchDirectory } from '@parley/infra/erasure/proof/search-directory';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { ERASURES, placeOf } from '@parley/infra/log/subjects';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { SYSTEM_PARTITIONS, type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let environment: TestEnvironment;
let system: SystemProcesses;
let nats: NatsConnection;
let jsm: JetStreamManager;

beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment);
  nats = await connectNats(environment.natsUrl, 'test');
  jsm = await jetstreamManager(nats, { checkAPI: false });
});
afterAll(async () => {
  await nats?.close();
  await system?.stop();
  await environment?.dispose();
});

async function ask(verb: string, path: string, body?: unknown, user = 'ann', scope?: string) {
  const response = await fetch(`${system.api}${path}`, {
    method: verb,
    headers: {
      authorization: `Bearer ${await system.token(user, scope)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'idempotency-key': randomUUID(),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

/** A group of ann and ben with so many messages, from seq 2 on. */
async function group(messages: number): Promise<string> {
  const conversationId = randomUUID();
  const made = await ask('POST', '/v1/conversations', { conversationId, kind: 'group', members: ['ben'] });
  expect(made.status).toBeLessThan(300);
  const sends = Array.from({ length: messages }, (_, n) =>
    ask('POST', `/v1/conversations/${conversationId}/messages`, {
      body: { kind: 'text', text: `message ${n}` },
    }),
  );
  for (const { status } of await Promise.all(sends)) expect(status).toBeLessThan(300);
  return conversationId;
}

const remove = (conversationId: string, seq: number) =>
  ask('DELETE', `/v1/conversations/${conversationId}/messages/${seq}`);

async function eventsOf(conversationId: string): Promise<readonly Envelope[]> {
  const events: Envelope[] = [];
  for await (const { json } of readConversation(jsm, placeOf(conversationId, SYSTEM_PARTITIONS))) {
    const event = decodeEnvelope(json);
    if (isRight(event)) events.push(event.right);
  }
  return events;
}

const waiting = async () => (await jsm.streams.info(ERASURES)).state.messages;
const drained = () =>
  waitFor(async () => (await waiting()) === 0, { what: 'the queue of erasures to drain', timeout: 60_000 });

/** Files of the broker that hold these bytes. */
async function filesWith(text: string): Promise<readonly string[]> {
  const found: string[] = [];
  const stored = JSON.stringify(text).slice(1, -1);
  const needle = new RegExp(stored.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g');
  await searchDirectory(join(environment.home, 'nats'), {
    needle,
    longest: 4_096,
    onFind: ({ file }) => found.push(file),
  });
  return found;
}

describe('a message deleted for everyone', () => {
  it('is overwritten in the files of the broker, with what it was edited to', async () => {
    const conversationId = await group(3);
    const edit = { body: { kind: 'text', text: 'said otherwise' } };
    expect((await ask('PUT', `/v1/conversations/${conversationId}/messages/3`, edit)).status).toBe(200);
    const bodies = (await eventsOf(conversationId)).flatMap(({ seq, data }) =>
      'body' in data && (seq === 3 || seq === 5) ? [data.body] : [],
    );
    expect(bodies).toHaveLength(2);
    for (const body of bodies)
      await waitFor(async () => (await filesWith(body)).length > 0, { what: 'the body' });

    expect((await remove(conversationId, 3)).status).toBe(200);
    await drained();
    expect((await eventsOf(conversationId)).map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'conversation.created'],
      [2, 'message.sent'],
      [4, 'message.sent'],
      [6, 'message.deleted'],
      [7, 'message.erased'],
    ]);
    for (const body of bodies) expect(await filesWith(body)).toEqual([]);
  });

  it('is erased, two hundred at once and with the projector killed again and again', async () => {
    const conversationId = await group(200);
    const seqs = Array.from({ length: 200 }, (_, n) => n + 2);
    const answers = Promise.all(seqs.map((seq) => remove(conversationId, seq)));
    for (let kills = 0; kills < 3; kills++) {
      const before = (await eventsOf(conversationId)).length;
      await waitFor(async () => (await eventsOf(conversationId)).length !== before, {
        what: 'some work',
        timeout: 30_000,
      });
      await system.killAndRestart('projector');
    }
    expect((await answers).map(({ status }) => status)).toEqual(seqs.map(() => 200));
    await drained();
    const types = Map.groupBy(await eventsOf(conversationId), ({ type }) => type);
    expect([...types].map(([type, events]) => [type, events.length]).sort()).toEqual([
      ['conversation.created', 1],
      ['message.deleted', 200],
      ['message.erased', 200],
    ]);
  });

  it('stays where the queue is full, and says that it may be asked again', async () => {
    const conversationId = await group(3);
    await jsm.streams.update(ERASURES, { max_msgs: 1 });
    await nats.request('erasure.message.poison.1', '{}');
    const refused = await remove(conversationId, 3);
    expect(refused).toMatchObject({ status: 429, json: { tag: 'TooManyRequests' } });
    const there = await eventsOf(conversationId);
    expect(there.map(({ type }) => type)).not.toContain('message.deleted');

    await jsm.streams.update(ERASURES, { max_msgs: 1_000_000 });
    expect((await remove(conversationId, 3)).status).toBe(200);
    await waitFor(async () => (await waiting()) === 1, { what: 'all but the job that cannot be read' });
    expect((await eventsOf(conversationId)).map(({ type }) => type)).toContain('message.erased');
    await jsm.streams.purge(ERASURES);
  });
});
