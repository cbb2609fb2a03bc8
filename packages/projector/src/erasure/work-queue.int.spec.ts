import { type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ErasureJob } from '@parley/infra/erasure/job';
import { queueErasure } from '@parley/infra/erasure/queue';
import { openPublishWindow, type PublishWindow } from '@parley/infra/log/publish-window';
import { ERASURES } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { createLog } from '@parley/infra/runtime/log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { done, later, notYet, type Outcome } from './outcome.js';
import { type ErasureWork, workOnErasures } from './work-queue.js';

/** Ms, as for `workOnErasures`: shorter than at work, and long enough for a machine that is busy. */
const patience = 4_000;

let environment: TestEnvironment;
let nats: NatsConnection;
let js: JetStreamClient;
let jsm: JetStreamManager;
let window: PublishWindow;
let workers: ErasureWork[] = [];

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
  js = jetstream(nats);
  jsm = await js.jetstreamManager(false);
  window = openPublishWindow(nats);
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
  await jsm.streams.purge(ERASURES);
});
afterAll(async () => {
  window?.close();
  await nats?.close();
  await environment?.dispose();
});

/** A worker that does jobs so; what came of them is counted. */
function worker(erase: (job: ErasureJob) => Promise<Outcome>, now: () => number = Date.now) {
  const ended = new Map<string, number>();
  const metrics = {
    ended: (kind: string, outcome: string) =>
      void ended.set(`${kind} ${outcome}`, (ended.get(`${kind} ${outcome}`) ?? 0) + 1),
    unswept: () => undefined,
  };
  workers.push(
    workOnErasures({ js, jsm, metrics, erase, now, patience, log: createLog('projector', 'silent') }),
  );
  return ended;
}

const queue = async (job: ErasureJob) => expect(isRight(await queueErasure(window, job))).toBe(true);
const message = (conversationId: string, seq: number): ErasureJob => ({
  kind: 'message',
  conversationId,
  seq,
});
const waiting = async () => (await jsm.streams.info(ERASURES)).state.messages;
const drained = () => waitFor(async () => (await waiting()) === 0, { what: 'an empty queue' });

describe('the work on erasures', () => {
  it('is shared, one job of a conversation at a time in each process', async () => {
    const running = new Map<string, number>();
    const tried: string[] = [];
    const most = new Map<string, number>();
    const erase = (process: string) => async (job: ErasureJob) => {
      if (job.kind !== 'message') return done;
      const key = `${process} ${job.conversationId}`;
      running.set(key, (running.get(key) ?? 0) + 1);
      most.set(key, Math.max(most.get(key) ?? 0, running.get(key) as number));
      await new Promise((resolve) => setTimeout(resolve, 2));
      running.set(key, (running.get(key) as number) - 1);
      tried.push(`${job.conversationId} ${job.seq}`);
      return done;
    };
    worker(erase('one'));
    worker(erase('two'));
    for (let seq = 1; seq <= 40; seq++) for (const id of ['a', 'b', 'c']) await queue(message(id, seq));
    await drained();
    expect(tried).toHaveLength(120);
    expect(new Set(tried).size).toBe(120);
    expect(Math.max(...most.values())).toBe(1);
  });

  it('keeps what waits for its turn behind a long job', async () => {
    const tried: number[] = [];
    worker(async (job) => {
      if (job.kind !== 'message') return done;
      tried.push(job.seq);
      if (job.seq === 1) await new Promise((resolve) => setTimeout(resolve, patience * 1.2));
      return done;
    });
    for (let seq = 1; seq <= 3; seq++) await queue(message('long', seq));
    await waitFor(async () => (await waiting()) === 0, { what: 'an empty queue', timeout: 30_000 });
    await workers.pop()?.close();
    expect(tried).toEqual([1, 2, 3]);
  });

  it('comes back to what failed and to what has to wait, and loses neither', async () => {
    const outcomes: (Outcome | 'fails')[] = ['fails', notYet, later('behind'), 'fails', done];
    const ended = worker(async () => {
      const outcome = outcomes.shift() ?? done;
      if (outcome === 'fails') throw new Error('the broker is away');
      return outcome;
    });
    await queue({ kind: 'person', user: 'ann' });
    await drained();
    expect(outcomes).toEqual([]);
    expect(Object.fromEntries(ended)).toEqual({
      'person failed': 2,
      'person not yet': 1,
      'person behind': 1,
      'person done': 1,
    });
  });

  it('gives up what never happened, but not before five minutes', async () => {
    let ahead = 0;
    const ended = worker(
      async () => notYet,
      () => Date.now() + ahead,
    );
    await queue(message('d', 2));
    await waitFor(() => (ended.get('message not yet') ?? 0) > 2, { what: 'some looks' });
    expect(await waiting()).toBe(1);
    ahead = 301_000;
    await drained();
    expect(ended.get('message given up')).toBe(1);
  });

  it('says of a job that nobody can read that it fails, keeps it, and does the others', async () => {
    const ended = worker(async () => done);
    nats.publish('erasure.message.poison.1', '{"kind":"planet"}');
    await queue(message('e', 2));
    await waitFor(() => ended.get('unreadable failed') && ended.get('message done'), { what: 'both' });
    // One is counted a moment before the broker has forgotten it.
    await waitFor(async () => (await waiting()) === 1, { what: 'the other to leave the queue' });
    const kept = await jsm.streams.getMessage(ERASURES, { last_by_subj: 'erasure.message.poison.1' });
    expect(kept).not.toBeNull();
  });

  it('is done by another where a worker was killed in the middle', async () => {
    let taken = 0;
    const stuck = await connectNats(environment.natsUrl, 'killed');
    const killed = jetstream(stuck);
    workOnErasures({
      js: killed,
      jsm: await killed.jetstreamManager(false),
      metrics: { ended: () => undefined, unswept: () => undefined },
      erase: () => {
        taken++;
        return new Promise<Outcome>(() => undefined);
      },
      now: Date.now,
      patience,
      log: createLog('projector', 'silent'),
    });
    await waitFor(
      async () => {
        await queue(message('f', 2));
        return taken > 0;
      },
      { what: 'the job to be taken' },
    );
    await stuck.close();
    worker(async () => done);
    await waitFor(async () => (await waiting()) === 0, { what: 'an empty queue', timeout: 25_000 });
  });
});
