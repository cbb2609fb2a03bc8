import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import type { LiveEvent } from '@parley/domain/wire/live';
import { inspectLog } from '@parley/infra/log/inspection/inspect-log';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { startCli } from '@parley/infra/testing/cli-process';
import { type NatsCluster, startNatsCluster } from '@parley/infra/testing/nats-cluster';
import { SYSTEM_PARTITIONS, type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let environment: TestEnvironment;
let directory: string;
let cluster: NatsCluster;
let system: SystemProcesses;
const clients: ParleyClient[] = [];

beforeAll(async () => {
  environment = await testEnvironment();
  directory = await mkdtemp(join(tmpdir(), 'parley-test-cluster-'));
  cluster = await startNatsCluster(directory);
  const { databaseUrl, redisUrl } = environment;
  system = await startSystem({ natsUrl: cluster.url, databaseUrl, redisUrl }, [], undefined, {
    PARLEY_REPLICAS: '3',
  });
}, 60_000);
afterAll(async () => {
  for (const client of clients) client.close();
  await system?.stop();
  await cluster?.stop();
  await environment?.dispose();
  await rm(directory, { recursive: true, force: true });
});

async function person(user: string): Promise<{ client: ParleyClient; heard: LiveEvent[] }> {
  const client = await connect({ url: system.ws, token: await system.token(user), device: 'd1' });
  clients.push(client);
  const heard: LiveEvent[] = [];
  client.on('event', (event) => heard.push(event));
  return { client, heard };
}

/** Copies of each stream that are up to date, the fewest of all. */
async function copies(): Promise<number> {
  const nats = await connectNats(cluster.url, 'test');
  try {
    const log = { nats, jsm: await jetstreamManager(nats), partitions: SYSTEM_PARTITIONS };
    const { conversations, receipts, accounts, others } = await inspectLog(log, { most: 0 });
    return Math.min(...[...conversations, ...receipts, ...accounts, ...others].map(({ current }) => current));
  } finally {
    await nats.close();
  }
}

describe('a cluster of three brokers', () => {
  it('loses one after the other, and no message, while people talk', async () => {
    // A copy of an empty stream says that it is up to date when its leader is heard of next.
    await waitFor(async () => (await copies()) === 3, { what: 'three copies of each stream' });
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = `g-${randomUUID()}`;
    await ann.client.call('conversation.create', { conversationId: id, kind: 'group', members: ['bob'] });
    let talking = true;
    const sent: string[] = [];
    const talk = (async () => {
      for (let n = 0; talking; n++) {
        const text = `message ${n}`;
        await ann.client.send(id, { text });
        sent.push(text);
      }
    })();
    const more = async (count: number) => {
      const goal = sent.length + count;
      await waitFor(() => sent.length >= goal, { what: `${count} more messages`, timeout: 40_000 });
    };

    await more(30);
    for (const node of [0, 1, 2]) {
      await cluster.kill(node);
      await more(30);
      await cluster.start(node);
      await waitFor(async () => (await copies().catch(() => 0)) === 3, {
        what: 'all copies up to date again',
        timeout: 60_000,
      });
    }
    talking = false;
    await talk;

    const inspected = startCli(['log', 'inspect'], { NATS_URL: cluster.url });
    expect(await inspected.ended).toBe(0);
    expect(inspected.output.out).toContain('CONV_00');

    await waitFor(() => bob.heard.filter(({ type }) => type === 'message.sent').length >= sent.length, {
      what: 'everything heard',
    });
    const heard = bob.heard.filter(({ type }) => type === 'message.sent');
    expect(heard.map(({ seq }) => seq)).toEqual(sent.map((_, index) => index + 2));
    expect(heard.map(({ data }) => (data as { body: { text: string } }).body.text)).toEqual(sent);
    const { messages } = await bob.client.messages(id, { minSeq: sent.length + 1, limit: 50 });
    expect(messages.map(({ seq }) => seq)).toEqual(
      Array.from({ length: Math.min(50, sent.length) }, (_, index) => sent.length + 1 - index).toReversed(),
    );
  }, 240_000);
});
