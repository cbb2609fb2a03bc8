import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectClient, type ForeignClient, type Received } from '@parley/infra/testing/foreign-client';
import { storeLog } from '@parley/infra/testing/store-log';
import { SYSTEM_PARTITIONS, type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { projected } from './read-model.js';

/** Conversations of ann and bob; the nth has 2 to 6 events. */
const MANY = Array.from({ length: 1_000 }, (_, n) => ({ id: `many-${n}`, events: 2 + (n % 5) }));
const LONG = { id: 'long', events: 6_000 };

let environment: TestEnvironment;
let system: SystemProcesses;
let nats: Awaited<ReturnType<typeof connectNats>>;
const sockets: ForeignClient[] = [];

beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment);
  nats = await connectNats(environment.natsUrl, 'test');
  const log = [...MANY, LONG].flatMap(({ id, events }) => pastOf(id, events));
  await storeLog(nats, log, SYSTEM_PARTITIONS);
  await waitFor(async () => (await projected(environment.databaseUrl)) >= log.length, {
    what: 'the projector',
    timeout: 60_000,
  });
}, 90_000);
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.end();
});
afterAll(async () => {
  await nats?.close();
  await system?.stop();
  await environment?.dispose();
});

function pastOf(conversationId: string, events: number): readonly Envelope[] {
  const members = ['ann', 'bob'].map((user) => ({ user, role: 'owner' as const, banHash: `h-${user}` }));
  const created = { kind: 'group' as const, ttl: null, members };
  return [
    envelop({ type: 'conversation.created', data: created }, placeOf(conversationId, 1)),
    ...Array.from({ length: events - 1 }, (_, n) => said(conversationId, n + 2)),
  ];
}

function said(conversationId: string, seq: number): Envelope {
  const body = closeBody({ kind: 'text', text: `${seq}` });
  return envelop({ type: 'message.sent', data: { ordinal: seq - 1, body } }, placeOf(conversationId, seq));
}

const placeOf = (conversationId: string, seq: number) => ({
  conversationId,
  seq,
  at: 1_700_000_000_000 + seq,
  actor: 'ann',
  commandId: `c-${seq}`,
});

async function open(resume: Readonly<Record<string, number>>) {
  const socket = await connectClient(system.ws);
  sockets.push(socket);
  const answer = await openWith(socket, resume);
  return { socket, answer };
}

const openWith = async (socket: ForeignClient, resume: Readonly<Record<string, number>>): Promise<Received> =>
  socket.request('session.open', { token: await system.token('bob'), device: 'd1', resume });

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

it('brings all that was missed in 1,000 conversations, by processes that know nothing yet', async () => {
  await system.killAndRestart('command-api');
  await system.killAndRestart('gateway');
  const missed = MANY.reduce((sum, { events }) => sum + events - 1, 0);
  const { socket, answer } = await open(Object.fromEntries(MANY.map(({ id }) => [id, 1])));
  expect(answer.result).toMatchObject({ conversations: MANY.length + 1 });
  await waitFor(() => socket.notices('event').length >= missed, { what: 'the events', timeout: 30_000 });
  for (const { id, events } of MANY) expect(socket.seqs(id)).toEqual(from(2, events));
  expect(socket.notices('resync')).toEqual([]);
}, 60_000);

it('brings thousands of events of one conversation, and what is said meanwhile behind them', async () => {
  const more = 300;
  const { socket } = await open({ [LONG.id]: 10 });
  for (let n = 1; n <= more; n++) await storeLog(nats, [said(LONG.id, LONG.events + n)], SYSTEM_PARTITIONS);
  await waitFor(() => socket.seqs(LONG.id).includes(LONG.events + more), {
    what: 'the last',
    timeout: 30_000,
  });
  expect(socket.seqs(LONG.id)).toEqual(from(11, LONG.events + more));
  expect(socket.notices('resync')).toEqual([]);
}, 60_000);

it('refuses positions from the future and names their conversations, a hundred at most', async () => {
  const ahead = MANY.slice(0, 150).map(({ id, events }) => [id, events + 1] as const);
  const { socket, answer } = await open(Object.fromEntries([...ahead, ['many-999', 2]]));
  const refusal = answer.error?.data as { tag: string; about?: readonly string[] } | undefined;
  expect(refusal?.tag).toBe('PositionAhead');
  expect(refusal?.about).toHaveLength(100);
  expect(ahead.map(([id]) => id)).toEqual(expect.arrayContaining([...(refusal?.about ?? [])]));
  expect((await openWith(socket, { 'many-999': 2 })).result).toBeDefined();
  await waitFor(() => socket.seqs('many-999').length === 4, { what: 'what was missed' });
});
