import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { ERASURES, placeOf, receiptStreamName, streamName } from '@parley/infra/log/subjects';
import { pageKey } from '@parley/infra/read-model/newest-page';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { askApi } from '@parley/infra/testing/ask-api';
import { connectClient } from '@parley/infra/testing/foreign-client';
import { ownServers } from '@parley/infra/testing/own-servers';
import { SYSTEM_PARTITIONS, type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import type { TestEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { readStoredValue } from '@parley/infra/vault/stored-value';
import type { SecretName } from '@parley/infra/vault/vault';
import { openVaultStream } from '@parley/infra/vault/vault-stream';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesWith } from './copies.js';
import { storedEvents } from './stored-events.js';

let environment: TestEnvironment;
let system: SystemProcesses;
let nats: NatsConnection;
let jsm: JetStreamManager;
let client: pg.Client;
let redis: Redis;

beforeAll(async () => {
  environment = await ownServers();
  system = await startSystem(environment, [], undefined, { PARLEY_LEGAL_HOLD: 'on' });
  client = new pg.Client(environment.databaseUrl);
  await client.connect();
  redis = new Redis(environment.redisUrl);
  nats = await connectNats(environment.natsUrl, 'test');
  jsm = await jetstreamManager(nats, { checkAPI: false });
});
afterAll(async () => {
  await client?.end();
  redis?.disconnect();
  await nats?.close();
  await system?.stop();
  await environment?.dispose();
});

const ask = (verb: string, path: string, body?: unknown, user = 'ann', scope?: string) =>
  askApi(system, verb, path, { body, user, scope });

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

const eventsOf = (conversationId: string) => storedEvents(jsm, conversationId);

const waiting = async () => (await jsm.streams.info(ERASURES)).state.messages;
const drained = () =>
  waitFor(async () => (await waiting()) === 0, { what: 'the queue of erasures to drain', timeout: 60_000 });

/** Whether the vault has a secret of this name, or the mark that it was destroyed. */
async function secretOf(name: SecretName): Promise<string | undefined> {
  const newest = await openVaultStream(nats, jsm).newest(name);
  return newest && readStoredValue(newest.data)?.tag;
}

/** Files of the broker that hold this as part of JSON. */
const filesOfBrokerWith = (text: string): Promise<readonly string[]> =>
  filesWith([join(environment.home, 'nats')], [Buffer.from(JSON.stringify(text).slice(1, -1))]);

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
      await waitFor(async () => (await filesOfBrokerWith(body)).length > 0, { what: 'the body' });

    expect((await remove(conversationId, 3)).status).toBe(200);
    await drained();
    expect((await eventsOf(conversationId)).map(({ seq, type }) => [seq, type])).toEqual([
      [1, 'conversation.created'],
      [2, 'message.sent'],
      [4, 'message.sent'],
      [6, 'message.deleted'],
      [7, 'message.erased'],
    ]);
    for (const body of bodies) expect(await filesOfBrokerWith(body)).toEqual([]);
  });

  it('is erased, two hundred at once, with projector and command-api killed again and again', async () => {
    const conversationId = await group(200);
    const seqs = Array.from({ length: 200 }, (_, n) => n + 2);
    const deletes = Promise.all(
      seqs.map((seq) =>
        waitFor(async () => (await remove(conversationId, seq)).status === 200, {
          what: 'the delete',
          timeout: 60_000,
        }),
      ),
    );
    for (const name of ['projector', 'command-api', 'projector'] as const) {
      // By how much was erased, not by how much is there: what goes out and what comes in may be as many.
      const erased = async () =>
        (await eventsOf(conversationId)).filter(({ type }) => type === 'message.erased').length;
      const before = await erased();
      const moved = async () => before === 200 || (await erased()) > before;
      await waitFor(moved, { what: 'some work', timeout: 30_000 });
      await system.killAndRestart(name);
    }
    await deletes;
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

/** Rows of the read model that name this. */
async function rowsWith(
  column: 'conversation_id' | 'user_id',
  value: string,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const table of ['member', 'message', 'reaction', 'receipt', 'pin'] as const) {
    const name = table === 'message' && column === 'user_id' ? 'author' : column;
    if (table === 'pin' && column === 'user_id') continue;
    const live = name === 'author' ? ' and deleted_at is null and not expired' : '';
    const { rows } = await client.query<{ count: string }>(
      `select count(*) from rm_1.${table} where ${name} = $1${live}`,
      [value],
    );
    if (rows[0]?.count !== '0') found[table] = Number(rows[0]?.count);
  }
  return found;
}

const react = (conversationId: string, seq: number, user: string) =>
  ask('POST', `/v1/conversations/${conversationId}/messages/${seq}/reactions`, { emoji: '🌹' }, user);

const receiptsOf = async (conversationId: string): Promise<readonly string[]> => {
  const { partition } = placeOf(conversationId, SYSTEM_PARTITIONS);
  const filter = { subjects_filter: `rcpt.*.${conversationId}.*` };
  const { state } = await jsm.streams.info(receiptStreamName(partition), filter);
  return Object.keys(state.subjects ?? {});
};

const mark = (conversationId: string, read: number, user: string) =>
  ask('POST', '/v1/receipts', { marks: [{ conversationId, delivered: read, read }] }, user);

describe('a conversation that is erased', () => {
  it('is gone from rows, receipts, snapshots, cached pages and whoever asks, and its secret is destroyed', async () => {
    const conversationId = await group(40);
    await react(conversationId, 3, 'ben');
    expect((await mark(conversationId, 5, 'ben')).status).toBe(200);
    await waitFor(async () => (await rowsWith('conversation_id', conversationId)).receipt === 1, {
      what: 'the rows',
    });
    await waitFor(() => redis.exists(pageKey('rm_1', conversationId)), { what: 'the page' });

    const path = `/v1/conversations/${conversationId}`;
    expect((await ask('DELETE', path, undefined, 'ben')).json).toMatchObject({ tag: 'NotAllowed' });
    expect((await ask('DELETE', path)).status).toBe(200);
    await drained();
    expect(await rowsWith('conversation_id', conversationId)).toEqual({});
    expect(await receiptsOf(conversationId)).toEqual([]);
    expect((await ask('GET', path)).json).toMatchObject({ tag: 'ConversationNotFound' });
    const again = { conversationId, kind: 'group', members: ['ben'] };
    expect((await ask('POST', '/v1/conversations', again)).json).toMatchObject({ tag: 'ConversationExists' });
    expect(await secretOf(`conversation.${conversationId}`)).toBe('marker');
  });
});

describe('a person who is erased', () => {
  it('is gone from all their conversations, their sessions end, and they do nothing any more', async () => {
    const [one, two] = [await group(3), await group(2)];
    const say = (conversationId: string) =>
      ask(
        'POST',
        `/v1/conversations/${conversationId}/messages`,
        { body: { kind: 'text', text: 'mine' } },
        'ben',
      );
    for (const conversationId of [one, two]) expect((await say(conversationId)).status).toBeLessThan(300);
    await react(one, 2, 'ben');
    expect((await mark(one, 3, 'ben')).status).toBe(200);
    expect((await ask('POST', `/v1/conversations/${two}/leave`, {}, 'ben')).status).toBe(200);
    expect((await ask('POST', '/v1/devices', { keys: 'AAAA', name: 'Phone of Ben' }, 'ben')).status).toBe(
      200,
    );
    await waitFor(async () => (await rowsWith('user_id', 'ben')).receipt === 1, { what: 'the rows' });

    expect((await ask('DELETE', '/v1/account', { user: 'ben' })).json).toMatchObject({ tag: 'ScopeMissing' });
    const socket = await connectClient(system.ws);
    const opened = await socket.request('session.open', { token: await system.token('ben'), device: 'd1' });
    expect(opened.result).toMatchObject({ user: 'ben' });
    const erased = await ask('DELETE', '/v1/account', { user: 'ben' }, 'judge', 'erase');
    expect(erased).toMatchObject({ status: 200, json: { user: 'ben' } });
    expect(await socket.closed()).toMatchObject({ code: 4405 });
    await waitFor(async () => (await say(one)).json.tag === 'PersonErased', { what: 'the refusal' });
    await drained();
    await waitFor(async () => Object.keys(await rowsWith('user_id', 'ben')).length === 0, {
      what: 'the rows to go',
    });
    for (const conversationId of [one, two]) {
      const types = (await eventsOf(conversationId)).map(({ type }) => type);
      expect(types.filter((type) => type === 'member.erased')).toHaveLength(1);
    }
    expect(await receiptsOf(one)).toEqual([]);
    expect(await secretOf('author.ben')).toBe('marker');
    expect(await filesOfBrokerWith('Phone of Ben')).toEqual([]);
    expect((await ask('DELETE', '/v1/account', { user: 'ben' }, 'judge', 'erase')).status).toBe(200);
  });

  it('is not where one of their conversations is on legal hold', async () => {
    const conversationId = await group(1);
    const hold = (verb: string, body?: object) =>
      ask(verb, `/v1/conversations/${conversationId}/hold`, body, 'judge', 'hold');
    expect((await hold('PUT', { reason: 'case 7' })).status).toBe(200);
    const isHeld = `select from rm_1.conversation where conversation_id = $1 and hold_since is not null`;
    await waitFor(async () => (await client.query(isHeld, [conversationId])).rowCount === 1, {
      what: 'the hold',
    });
    const { json } = await ask('DELETE', '/v1/account', { user: 'ann' }, 'judge', 'erase');
    expect(json).toMatchObject({ tag: 'OnLegalHold' });
    expect(JSON.stringify(json)).toContain(conversationId);
    expect((await hold('DELETE')).status).toBe(200);
  });
});

/** All rows, but for when they were written and what only helps to find what changed. */
async function allRows(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const tables = await client.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'rm_1' and tablename <> 'migration' order by 1",
  );
  const found: Record<string, readonly unknown[]> = {};
  for (const { name } of tables.rows) {
    const timeline = name === 'checkpoint' ? " where projection = 'timeline'" : '';
    const { rows } = await client.query<Record<string, unknown>>(`select * from rm_1.${name}${timeline}`);
    found[name] = rows
      .map(({ updated_at: _, marked: __, window_began: ___, window_opened_at: ____, ...row }) =>
        JSON.stringify(row),
      )
      .sort();
  }
  return found;
}

/** The rows once they have all that the log has. */
async function settledRows() {
  await drained();
  await waitFor(
    async () => {
      for (let partition = 0; partition < SYSTEM_PARTITIONS; partition++) {
        const { state } = await jsm.streams.info(streamName(partition));
        const reached = await client.query<{ stream_seq: string }>(
          "select stream_seq from rm_1.checkpoint where projection = 'timeline' and partition = $1",
          [partition],
        );
        if (Number(reached.rows[0]?.stream_seq ?? 0) < state.last_seq) return false;
      }
      return true;
    },
    { what: 'the rows to catch up', timeout: 30_000 },
  );
  return allRows();
}

/** Kills the projector, drops all rows, and has another make them of the log as it is by now. */
async function rebuild() {
  await system.services.get('projector')?.at(-1)?.end('SIGKILL');
  const names = Object.keys(await allRows()).map((name) => `rm_1.${name}`);
  await client.query(`truncate ${names.join(', ')}`);
  await system.killAndRestart('projector');
  return settledRows();
}

describe('rows made anew of a log from which things were erased', () => {
  it('are those that were there, count and digest too, whether erasing was done or in the middle', async () => {
    const live = await settledRows();
    expect(await rebuild()).toEqual(live);
    const conversationId = await group(60);
    const deletes = Promise.all(Array.from({ length: 50 }, (_, n) => remove(conversationId, n + 2)));
    await waitFor(
      async () => (await eventsOf(conversationId)).filter(({ type }) => type === 'message.erased').length > 5,
      { what: 'some to be erased', timeout: 30_000 },
    );
    // What is built first sees some of the messages and the remains of others; the next sees none of them.
    await deletes;
    const half = await rebuild();
    expect(half.gap).toEqual([]);
    expect(half.message?.length).toBeGreaterThan(60);
    expect(await rebuild()).toEqual(half);
  });

  it('show what is missing without an erasure', async () => {
    const conversationId = await group(3);
    await settledRows();
    const { stream } = placeOf(conversationId, SYSTEM_PARTITIONS);
    const { state } = await jsm.streams.info(stream);
    const lost = state.last_seq - 1;
    await jsm.streams.deleteMessage(stream, lost, false);
    expect((await rebuild()).gap).toEqual([expect.stringContaining(`"${lost}"`)]);
    const projector = system.services.get('projector')?.at(-1)?.info.url as string;
    const metrics = await (await fetch(`${projector}/metrics`)).text();
    expect(metrics).toMatch(/^parley_projector_gaps\{.*\} 1$/m);
    expect(metrics).toMatch(/^parley_erasures_waiting\{.*\} 0$/m);
  });
});
