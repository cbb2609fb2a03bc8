import { jetstreamManager } from '@nats-io/jetstream';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReadFixture, type ReadFixture, served } from '../read/read-fixture.js';
import { type CaughtUp, openCatchUp } from './caught-up.js';

const PARTITIONS = 2;

describe('waiting for the rows', () => {
  let fixture: ReadFixture;
  let nats: Awaited<ReturnType<typeof connectNats>>;
  let caughtUp: CaughtUp;
  let looked = 0;

  beforeAll(async () => {
    fixture = await openReadFixture();
    nats = await connectNats(fixture.environment.natsUrl, 'test');
    await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
    const jsm = await jetstreamManager(nats, { checkAPI: false });
    const database = {
      query: (statement: never) => {
        looked++;
        return fixture.pool.query(statement);
      },
    };
    caughtUp = openCatchUp({
      jsm,
      partitions: PARTITIONS,
      database: database as never,
      served,
    });
  });
  afterAll(async () => {
    await nats?.close();
    await fixture?.close();
  });

  const place = placeOf('c', PARTITIONS);
  const store = async (count: number) => {
    for (let n = 0; n < count; n++) await nats.request(place.subject, 'x');
  };
  const project = (seq: number) =>
    fixture.pool.query(
      `insert into rm_1.checkpoint (projection, partition, stream_seq, events, digest) values ('timeline', $1, $2, 0, '')
       on conflict (projection, partition) do update set stream_seq = excluded.stream_seq`,
      [place.partition, seq],
    );

  it('needs no time where they have everything', async () => {
    expect(await caughtUp()).toBe(0);
  });

  it('ends when they have what was there when it began, and not what came later', async () => {
    await store(3);
    await project(1);
    const waiting = caughtUp();
    await project(3);
    await store(1);
    expect(await waiting).toBeLessThanOrEqual(1);
    await project(4);
    expect(await caughtUp()).toBe(0);
  });

  it('says how far they are behind when they take too long', async () => {
    await store(2);
    expect(await caughtUp()).toBe(2);
    await project(6);
  });

  it('does not wait for what was taken out of the end of the log', async () => {
    const jsm = await jetstreamManager(nats, { checkAPI: false });
    await store(2);
    await project(7);
    expect(await caughtUp()).toBe(1);
    await jsm.streams.deleteMessage(place.stream, 8, true);
    looked = 0;
    expect(await caughtUp()).toBe(0);
    expect(looked).toBe(1);
    await store(1);
    expect(await caughtUp()).toBe(2);
    await project(9);
  });

  it('does not say that they have everything where the log cannot be asked', async () => {
    const line = await openBreakableLine(fixture.environment.natsUrl);
    const far = await connectNats(line.url, 'far');
    const jsm = await jetstreamManager(far, { checkAPI: false });
    const asked = openCatchUp({ jsm, partitions: PARTITIONS, database: fixture.pool, served });
    expect(await asked()).toBe(0);
    line.cut();
    expect(await asked()).toBe(1);
    line.mend();
    await waitFor(async () => (await asked()) === 0, { what: 'the log to be asked again' });
    await far.close();
    line.close();
  });

  it('looks once for all who ask at the same time, and again for those who come later', async () => {
    looked = 0;
    const answers = await Promise.all(Array.from({ length: 500 }, () => caughtUp()));
    expect(new Set(answers)).toEqual(new Set([0]));
    expect(looked).toBe(2);
  });
});
