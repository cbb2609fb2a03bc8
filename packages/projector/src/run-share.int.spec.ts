import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { lagBehind } from '@parley/infra/log/projected-stream';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { createLog } from '@parley/infra/runtime/log';
import { storeLog } from '@parley/infra/testing/store-log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announceAdded } from './announce.js';
import { projectorMetrics } from './metrics.js';
import type { Commit } from './project-batch.js';
import { LogTooShort, runShare } from './run-share.js';
import { talk } from './testing/big-log.js';
import { openReadModel, type ReadModel } from './testing/read-model-fixture.js';
import { timeline } from './timeline/projection.js';

describe('working on a share', () => {
  let model: ReadModel;
  let nats: NatsConnection;
  const registry = new Registry();

  beforeAll(async () => {
    model = await openReadModel();
    nats = await connectNats(model.environment.natsUrl, 'run-share-spec');
    await ensureTopology(nats, { partitions: 1, replicas: 1 });
  });
  afterAll(async () => {
    await nats.close();
    await model.close();
  });

  function run(onCommit: (commits: readonly Commit[]) => void = () => undefined) {
    const js = jetstream(nats);
    registry.clear();
    const metrics = projectorMetrics(registry, async (of, streamSeq) =>
      lagBehind(await js.jetstreamManager(false), of, streamSeq),
    ).of(1);
    const stop = new AbortController();
    const resources = { js, metrics, log: createLog('spec', 'silent'), onCommit };
    const done = runShare(resources, timeline, model.target, stop.signal);
    return {
      done,
      async stop() {
        stop.abort();
        await done;
      },
    };
  }

  it('tells people that they entered, says how far it is, and stops when it is told to', async () => {
    const heard: string[] = [];
    nats.subscribe('user.ben', { callback: (_, message) => void heard.push(message.string()) });
    const share = run((commits) => announceAdded(nats, commits));
    await storeLog(nats, talk('entered', 30), 1);
    await waitFor(async () => (await model.checkpoint()).events === 30, { what: 'the events in rows' });
    await waitFor(() => heard.length > 0, { what: 'the notice' });
    expect(heard.map((notice) => JSON.parse(notice))).toEqual([
      { type: 'conversation.added', conversationId: 'entered', seq: 1 },
    ]);
    const page = await registry.metrics();
    expect(page).toContain(
      'parley_projector_events_total{version="1",projection="timeline",partition="0"} 30',
    );
    expect(page).toContain('parley_projector_lag_events{version="1",projection="timeline",partition="0"} 0');
    await share.stop();

    await storeLog(nats, talk('unseen', 7), 1);
    expect(await registry.metrics()).toContain(
      'parley_projector_lag_events{version="1",projection="timeline",partition="0"} 7',
    );
    const again = run();
    await waitFor(async () => (await model.checkpoint()).events === 37, { what: 'the rest in rows' });
    await again.stop();
  });

  it('ends when it cannot write, for the next turn to begin at the checkpoint', async () => {
    const share = run();
    await waitFor(async () => (await registry.metrics()).includes('lag_events{'), {
      what: 'the share to begin',
    });
    const lost = storeLog(nats, talk('lost', 5), 1);
    await model.client.query('alter table rm_1.message rename to hidden');
    await expect(Promise.all([share.done, lost])).rejects.toThrow('does not exist');
    await model.client.query('alter table rm_1.hidden rename to message');
  });

  it('refuses a log that ends before the checkpoint: it is another log', async () => {
    await model.client.query('update rm_1.checkpoint set stream_seq = 1000000');
    await expect(run().done).rejects.toThrow(LogTooShort);
  });
});
