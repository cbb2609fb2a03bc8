import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPublishWindow, type PublishWindow } from '../log/publish-window.js';
import { ERASURES } from '../log/subjects.js';
import { ensureTopology } from '../log/topology.js';
import { connectNats } from '../runtime/connect-nats.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import type { ErasureJob } from './job.js';
import { queueErasure } from './queue.js';

let environment: TestEnvironment;
let nats: NatsConnection;
let jsm: JetStreamManager;
let window: PublishWindow;

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
  jsm = await jetstreamManager(nats);
  window = openPublishWindow(nats, { timeout: 1_000 });
});
afterAll(async () => {
  window?.close();
  await nats?.close();
  await environment?.dispose();
});

const message = (seq: number): ErasureJob => ({ kind: 'message', conversationId: 'c', seq });
const waiting = async () => (await jsm.streams.info(ERASURES)).state.messages;

describe('the queue of erasures', () => {
  it('has a job once, however often it is put there', async () => {
    const jobs: ErasureJob[] = [
      message(1),
      message(1),
      message(2),
      { kind: 'conversation', conversationId: 'c' },
      { kind: 'person', user: 'ann' },
      { kind: 'person', user: 'ann' },
    ];
    for (const job of jobs) expect(await queueErasure(window, job)).toEqual(E.right(undefined));
    expect(await waiting()).toBe(4);
  });

  it('refuses what it has no room for, and says that it may be asked again', async () => {
    await jsm.streams.update(ERASURES, { max_msgs: 4 });
    expect(await queueErasure(window, message(3))).toMatchObject(E.left({ tag: 'TooManyRequests' }));
    await jsm.streams.update(ERASURES, { max_msgs: 5 });
    expect(await queueErasure(window, message(3))).toEqual(E.right(undefined));
  });

  it('is away where nothing listens', async () => {
    await jsm.streams.delete(ERASURES);
    expect(await queueErasure(window, message(4))).toMatchObject(E.left({ tag: 'Unavailable' }));
  });
});
