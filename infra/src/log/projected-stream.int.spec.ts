import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../runtime/connect-nats.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { isHollow, lagBehind } from './projected-stream.js';
import { ensureTopology } from './topology.js';

describe('how far rows are behind their stream', () => {
  const receipts = { projection: 'receipts', partition: 0 } as const;
  let environment: TestEnvironment;
  let nats: NatsConnection;

  beforeAll(async () => {
    environment = await testEnvironment();
    nats = await connectNats(environment.natsUrl, 'lag-spec');
    await ensureTopology(nats, { partitions: 1, replicas: 1 });
    const js = jetstream(nats);
    for (const user of ['ann', 'ben', 'cem', 'cem']) await js.publish(`rcpt.00.den.${user}`, '{}');
  });
  afterAll(async () => {
    await nats.close();
    await environment.dispose();
  });

  it('counts what they lack, and says for how long it has waited', async () => {
    const jsm = await jetstream(nats).jetstreamManager(false);
    const lag = await lagBehind(jsm, receipts, 1, Date.now() + 60_000);
    expect(lag).toMatchObject({ head: 4, events: 3 });
    expect(lag.seconds).toBeGreaterThan(59);
    expect(await lagBehind(jsm, receipts, 4)).toEqual({ head: 4, events: 0, seconds: 0 });
  });

  it('is nothing where all that they lack was taken out of it', async () => {
    const jsm = await jetstream(nats).jetstreamManager(false);
    await jsm.streams.purge('RCPT_00', { filter: 'rcpt.00.den.cem' });
    expect((await jsm.streams.info('RCPT_00')).state.last_seq).toBe(4);
    expect(await lagBehind(jsm, receipts, 2)).toEqual({ head: 2, events: 0, seconds: 0 });
    expect(await lagBehind(jsm, receipts, 1)).toMatchObject({ head: 4 });
    expect(await isHollow(jsm, receipts, 2, 4)).toBe(true);
    expect(await isHollow(jsm, receipts, 1, 4)).toBe(false);
  });

  it('shows rows that are ahead of a log that was replaced', async () => {
    const jsm = await jetstream(nats).jetstreamManager(false);
    expect((await lagBehind(jsm, receipts, 9)).head).toBe(4);
  });
});
