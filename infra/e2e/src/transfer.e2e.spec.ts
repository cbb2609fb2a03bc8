import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@parley/client/parley-client';
import { digestHex } from '@parley/domain/log/digest';
import { conversationDigest } from '@parley/infra/log/conversation-digest';
import { placeOf } from '@parley/infra/log/subjects';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { startCli } from '@parley/infra/testing/cli-process';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storedEvents } from './stored-events.js';

type Stack = {
  readonly environment: TestEnvironment;
  readonly system: SystemProcesses;
  readonly settings: Readonly<Record<string, string>>;
  readonly partitions: number;
};

let directory: string;
let one: Stack;
let other: Stack;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-moved-'));
  [one, other] = await Promise.all([start(3), start(5)]);
}, 60_000);
afterAll(async () => {
  for (const stack of [one, other]) {
    await stack?.system.stop();
    await stack?.environment.dispose();
  }
  await rm(directory, { recursive: true, force: true });
});

/** A stack whose partitions, master key, ban key and home are its own. */
async function start(partitions: number): Promise<Stack> {
  const environment = await testEnvironment();
  const banKey = randomBytes(32);
  const settings = {
    PARLEY_PARTITIONS: String(partitions),
    PARLEY_MASTER_KEYS: randomBytes(32).toString('base64url'),
  };
  const system = await startSystem(environment, [], banKey, settings);
  const more = {
    PARLEY_HOME: join(directory, `home-${partitions}`),
    PARLEY_BAN_KEY: banKey.toString('base64url'),
    NATS_URL: environment.natsUrl,
    DATABASE_URL: environment.databaseUrl,
  };
  return { environment, system, settings: { ...settings, ...more }, partitions };
}

async function cli({ settings }: Stack, ...args: readonly string[]) {
  const { output, ended } = startCli(args, settings, '');
  return { code: await ended, ...output };
}

const person = async ({ system }: Stack, user: string) =>
  connect({ url: system.ws, token: await system.token(user), device: 'd1' });

async function log<A>(
  { environment }: Stack,
  read: (jsm: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<A>,
) {
  const nats = await connectNats(environment.natsUrl, 'moved');
  try {
    return await read(await jetstreamManager(nats));
  } finally {
    await nats.close();
  }
}

const digestOf = (stack: Stack, conversationId: string, upTo?: number) =>
  log(stack, async (jsm) =>
    digestHex((await conversationDigest(jsm, placeOf(conversationId, stack.partitions), upTo)).digest),
  );

/** The rows of a conversation at one moment, without where in the stream something was, what is keyed by the stack, and what is sealed. */
async function rowsOf({ environment }: Stack, conversationId: string) {
  const client = new pg.Client(environment.databaseUrl);
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const tables: Record<string, readonly object[]> = {};
    for (const table of [
      'conversation',
      'member',
      'ban',
      'message',
      'reaction',
      'pin',
      'receipt',
      'departure',
      'call',
      'call_stay',
    ]) {
      const { rows } = await client.query(
        `select * from rm_1.${table} t where conversation_id = $1 order by t.*::text collate "C"`,
        [conversationId],
      );
      tables[table] = rows.map(
        ({ changed: _, marked: _m, partition: _p, ban_hash: _b, body, title, ...rest }) => ({
          ...rest,
          body: body?.split('.').slice(0, 2),
          title: title?.split('.').slice(0, 2),
        }),
      );
    }
    return tables;
  } finally {
    await client.end();
  }
}

/** The rows of both at the same place of the log: what ends by itself ends in one of them first. */
function rowsOfBoth(conversationId: string) {
  const revision = (rows: Awaited<ReturnType<typeof rowsOf>>) =>
    (rows.conversation?.[0] as { revision?: string } | undefined)?.revision;
  return waitFor(
    async () => {
      const [here, there] = await Promise.all([rowsOf(one, conversationId), rowsOf(other, conversationId)]);
      return revision(here) !== undefined && revision(here) === revision(there) && { here, there };
    },
    { what: 'the rows of both to be at the same place' },
  );
}

it('shows a conversation elsewhere as it was, and goes on there', async () => {
  const conversationId = 'garden';
  const [ann, bob] = await Promise.all([person(one, 'ann'), person(one, 'bob')]);
  const text = (words: string) => ({ kind: 'text', text: words }) as const;
  await ann.call('conversation.create', {
    conversationId,
    kind: 'group',
    title: 'Garden',
    members: ['bob', 'eve'],
  });
  const hello = await ann.call('message.send', { conversationId, body: text('hello') });
  const answer = await bob.call('message.send', { conversationId, body: text('hi'), replyTo: hello.seq });
  await ann.call('message.edit', { conversationId, seq: hello.seq, body: text('hello all') });
  await bob.call('message.react', { conversationId, seq: hello.seq, emoji: '🌹' });
  await ann.call('message.pin', { conversationId, seq: answer.seq });
  const planted = await ann.call('message.send', { conversationId, body: text('planted words') });
  await ann.call('message.delete', { conversationId, seq: planted.seq });
  const brief = await ann.call('message.send', { conversationId, body: text('gone soon'), ttl: 5 });
  await ann.call('member.ban', { conversationId, user: 'eve' });
  await ann.call('conversation.rename', { conversationId, title: 'Kitchen' });
  await bob.call('receipt.mark', { marks: [{ conversationId, delivered: answer.seq, read: answer.seq }] });
  await waitFor(
    async () => {
      const events = await log(one, (jsm) => storedEvents(jsm, conversationId, one.partitions));
      const isErased = !events.some(({ seq }) => seq === planted.seq);
      return isErased && events.some(({ type }) => type === 'message.expired');
    },
    { what: 'the messages to be erased and expired', timeout: 20_000 },
  );
  const over = await ann.call('call.start', { conversationId, media: 'voice' });
  await bob.call('call.join', { conversationId, call: over.seq });
  await ann.call('call.end', { conversationId, call: over.seq });
  const talking = await bob.call('call.start', { conversationId, media: 'video' });
  const later = await ann.call('message.send', { conversationId, body: text('still there'), ttl: 3_600 });
  const ending = await ann.call('message.send', { conversationId, body: text('until then'), ttl: 12 });

  const hasAll = async (stack: Stack) =>
    (await rowsOf(stack, conversationId)).receipt?.some((row) =>
      isDeepStrictEqual(row, { ...row, user_id: 'bob', delivered: String(ending.seq) }),
    );
  await waitFor(() => hasAll(one), { what: 'everything to reach bob' });

  const file = join(directory, 'garden.parley');
  const passphraseFile = join(directory, 'passphrase');
  await writeFile(passphraseFile, 'correct horse battery staple\n');
  const secret = ['--passphrase-file', passphraseFile];
  const exported = await cli(
    one,
    'conversation',
    'export',
    conversationId,
    '--out',
    file,
    ...secret,
    '--json',
  );
  expect(exported).toMatchObject({ code: 0, err: '' });
  const manifest = JSON.parse(exported.out);
  expect(manifest).toMatchObject({ conversationId, partitions: 3, lastSeq: ending.seq, erased: 1 });
  expect(manifest.moves).toBeGreaterThan(1);
  expect(await readFile(file, 'utf8')).not.toContain('planted words');
  const again = await cli(one, 'conversation', 'export', conversationId, '--out', file, ...secret);
  expect(again).toMatchObject({ code: 73, err: expect.stringContaining('--force') });

  const key = (await cli(one, 'erasure', 'key')).out.trim();
  expect((await cli(other, 'conversation', 'check', file, '--key', key)).out).toContain('unchanged since');
  const there = await person(other, 'bob');
  const added: number[] = [];
  there.on('conversation.added', ({ seq }: { seq: number }) => void added.push(seq));
  const unknown = await cli(other, 'conversation', 'import', file, ...secret);
  expect(unknown).toMatchObject({ code: 65, err: expect.stringContaining(`signed with the key ${key}`) });
  const imported = await cli(other, 'conversation', 'import', file, '--key', key, ...secret);
  expect(imported).toMatchObject({ code: 0, out: expect.stringContaining(manifest.digest) });

  expect(await digestOf(one, conversationId, ending.seq)).toBe(manifest.digest);
  expect(await digestOf(other, conversationId, ending.seq)).toBe(manifest.digest);
  await waitFor(() => added.length > 0, { what: 'bob to hear of it' });
  await waitFor(() => hasAll(other), { what: 'its rows' });
  const list = async (client: typeof bob) =>
    (await client.call('message.list', { conversationId })).messages.map(({ seq, author, body }) => ({
      seq,
      author,
      body,
    }));
  const lasting = async (client: typeof bob) => (await list(client)).filter(({ seq }) => seq !== ending.seq);
  await waitFor(async () => (await lasting(there)).length === 4, { what: 'its messages' });
  expect(await lasting(there)).toEqual(await lasting(bob));
  const rows = await rowsOfBoth(conversationId);
  // Where it came from they still talk; here that call ended with the last event that came.
  const until = (column: string) => (row: object) => ({
    ...row,
    [column]: (row as Record<string, unknown>)[column] ?? String(ending.at),
  });
  const { call, call_stay } = rows.here;
  expect([call?.length, call_stay?.length]).toEqual([2, 3]);
  expect(rows.there).toEqual({
    ...rows.here,
    call: call?.map(until('ended_at')),
    call_stay: call_stay?.map(until('left_at')),
  });
  expect((await bob.call('call.get', { conversationId })).call?.call).toBe(talking.seq);
  expect((await there.call('call.get', { conversationId })).call).toBeUndefined();
  expect((await there.call('call.list', { conversationId })).calls).toMatchObject([
    { call: talking.seq, endedAt: ending.at },
    { call: over.seq, people: 2 },
  ]);
  expect(added, 'told once, of where bob entered').toEqual([1]);
  const { title, pins, members } = await there.call('conversation.get', { conversationId });
  expect({ title, pins, members: members.map(({ user }) => user) }).toEqual({
    title: 'Kitchen',
    pins: [answer.seq],
    members: ['ann', 'bob'],
  });

  const annThere = await person(other, 'ann');
  await expect(annThere.call('member.add', { conversationId, users: ['eve'] })).rejects.toMatchObject({
    tag: 'UserBanned',
  });
  await annThere.call('message.send', { conversationId, body: text('we are here now') });
  await waitFor(
    async () =>
      (await log(other, (jsm) => storedEvents(jsm, conversationId, other.partitions))).some(
        ({ type, seq }) => type === 'message.expired' && seq > ending.seq,
      ),
    { what: 'what ends there to end there', timeout: 30_000 },
  );
  expect(await list(there)).not.toContainEqual(expect.objectContaining({ seq: ending.seq }));
  const twice = await cli(other, 'conversation', 'import', file, '--key', key, ...secret);
  expect(twice).toMatchObject({ code: 0, out: expect.stringContaining('is here already') });
  for (const client of [ann, bob, there, annThere]) client.close();
  for (const verb of [
    ['log', 'verify'],
    ['projections', 'verify', '1', '--against', 'log', '--all'],
  ])
    expect(await cli(other, ...verb)).toMatchObject({ code: 0 });
  expect(brief.seq).toBeLessThan(later.seq);
}, 120_000);
