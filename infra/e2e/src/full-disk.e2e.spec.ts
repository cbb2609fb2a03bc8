import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@parley/client/parley-client';
import { findServer } from '@parley/infra/embedded/find-server';
import { forgetHome } from '@parley/infra/embedded/forget-home';
import { freePort } from '@parley/infra/embedded/free-port';
import { openHome } from '@parley/infra/embedded/home';
import { type Leash, startLeash } from '@parley/infra/embedded/leash';
import { natsSource } from '@parley/infra/embedded/nats-source';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { connectClient } from '@parley/infra/testing/foreign-client';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Bytes the log's server may store. */
const ROOM = 24 * 1024 * 1024;

let home: string;
let leash: Leash;
let natsUrl: string;
let environment: TestEnvironment;
let system: SystemProcesses;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-test-'));
  await openHome(home);
  leash = await startLeash(home);
  natsUrl = await startSmallNats();
  environment = await testEnvironment();
  system = await startSystem({ ...environment, natsUrl });
});
afterAll(async () => {
  await system?.stop();
  await leash?.close();
  await environment?.dispose();
  await forgetHome(home);
});

/** A NATS server whose streams may not grow beyond {@link ROOM}. */
async function startSmallNats(): Promise<string> {
  const found = await findServer(natsSource, { report: () => undefined, env: {} });
  if (found.kind !== 'binary') throw new Error('this test needs nats-server as a program');
  const [port, config] = [await freePort(), join(home, 'nats.conf')];
  const store = JSON.stringify(join(home, 'nats'));
  await writeFile(
    config,
    `host: "127.0.0.1"\nport: ${port}\nmax_payload: 8MB\njetstream { store_dir: ${store}, max_file_store: ${ROOM} }\n`,
  );
  const { command, env } = found;
  await leash.spawn({
    id: 'nats',
    command,
    args: ['-c', config],
    env: { PATH: '/usr/bin:/bin', ...env },
    cwd: home,
    log: join(home, 'logs/nats.log'),
    stopSignal: 'SIGTERM',
  });
  return `nats://127.0.0.1:${port}`;
}

it('refuses what a full disk cannot take, loses nothing it acknowledged, and works again when there is room', async () => {
  const ann = await connect({ url: system.ws, token: await system.token('ann'), device: 'd1' });
  const id = `g-${randomUUID()}`;
  await ann.call('conversation.create', { conversationId: id, kind: 'group', members: [] });
  const acknowledged = [await ann.send(id, { text: 'before' })];

  const nats = await connectNats(natsUrl, 'filler');
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'FILLER', subjects: ['filler'] });
  await fill(1024 * 1024);
  await fill(1024);

  const socket = await connectClient(system.ws);
  await socket.request('session.open', { token: await system.token('ann'), device: 'd2' });
  const body = { kind: 'text', text: 'x'.repeat(60_000) };
  const params = { conversationId: id, commandId: 'while-full', body };
  const refused = await waitFor(
    async () => {
      const answer = await socket.request('message.send', { ...params, commandId: randomUUID() });
      if (answer.error === undefined) acknowledged.push(answer.result as (typeof acknowledged)[number]);
      return answer.error;
    },
    { what: 'a send to be refused' },
  );
  expect(refused).toMatchObject({ data: { tag: 'Unavailable', retryable: true } });
  const again = await socket.request('message.send', params);
  expect(again.error?.data.tag).toBe('Unavailable');

  // The SDK keeps what is refused so, and sends it until it is taken.
  const kept = ann.send(id, { text: 'kept', commandId: 'kept' });
  const page = await ann.messages(id);
  expect(page.messages.map(({ seq }) => seq)).toEqual(acknowledged.map(({ seq }) => seq));

  await manager.streams.purge('FILLER');
  acknowledged.push(await kept);
  const later = await socket.request('message.send', params);
  expect(later.result).toMatchObject({ conversationId: id });
  expect(later.result?.repeated).toBeUndefined();
  acknowledged.push(later.result as (typeof acknowledged)[number]);
  acknowledged.push(await ann.send(id, { text: 'after' }));

  const newest = acknowledged.at(-1)?.seq as number;
  const { messages } = await ann.messages(id, { minSeq: newest, limit: 200 });
  expect(messages.map(({ seq }) => seq)).toEqual(acknowledged.map(({ seq }) => seq));
  expect(messages.filter(({ body }) => (body as { text: string }).text === 'kept')).toHaveLength(1);
  socket.end();
  ann.close();
  await nats.close();

  async function fill(size: number): Promise<void> {
    const js = jetstream(nats);
    for (const chunk = new Uint8Array(size); ; ) {
      const stored = await js.publish('filler', chunk).catch(() => undefined);
      if (stored === undefined) return;
    }
  }
});
