import { type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { evolve } from '@parley/domain/conversation/evolve';
import type { Envelope } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import { streamName } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoint, moveCheckpoint, readCheckpoint } from '../checkpoint.js';
import { readMarks } from '../digest-marks.js';
import { projectBatch } from '../project-batch.js';
import { bigLog } from '../testing/big-log.js';
import { type ErasedLog, eraseInLog } from '../testing/erase-in-log.js';
import { emptyTables, openReadModel, type ReadModel, schema, share } from '../testing/read-model-fixture.js';
import { decodeEvent } from '../timeline/decode-batch.js';
import { timeline } from '../timeline/projection.js';
import { auditPartition } from './audit-partition.js';
import { readLive } from './read-live.js';
import type { Fold } from './replay.js';

/** With bodies that look sealed, as all are: of an erased event everything else is left, and that is what counts. */
const events: readonly Envelope[] = bigLog(60).map((event, index) =>
  'body' in event.data
    ? ({
        ...event,
        data: { ...event.data, body: `s1.m2023-11.${String(index).padStart(32, 'n')}sealed` },
      } as Envelope)
    : event,
);
const stream = streamName(0);
const first = 1;

let rows: ReadModel;
let database: pg.Pool;
let nats: NatsConnection;
let js: JetStreamClient;
let jsm: JetStreamManager;

beforeAll(async () => {
  rows = await openReadModel();
  database = new pg.Pool({ connectionString: rows.environment.databaseUrl, max: 2 });
  nats = await connectNats(rows.environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
  js = jetstream(nats);
  jsm = await js.jetstreamManager();
});
afterAll(async () => {
  await database?.end();
  await nats?.close();
  await rows?.close();
});

/** Projects what the log has, but for one event, and returns what the rows say of it. */
async function projected(missed?: number) {
  for await (const batch of consumeBatches(js, stream, (await checkpoint()).streamSeq, { follow: false }))
    await projectBatch(
      rows.target,
      timeline,
      await checkpoint(),
      batch.filter(({ streamSeq }) => streamSeq !== missed),
    );
  return readLive(database, schema, 0);
}

const checkpoint = (): Promise<Checkpoint> => readCheckpoint(rows.client, schema, share);
const audited = async (missed?: number) => {
  const live = await projected(missed);
  return auditPartition({ js, jsm }, 0, live && { live });
};

describe('an audit', () => {
  beforeEach(async () => {
    await emptyTables(rows.client);
    await jsm.streams.delete(stream);
    await ensureTopology(nats, { partitions: 1, replicas: 1 });
    await storeLog(nats, events, 1);
  });

  it('finds that a log says the same twice, and what the rows were made of', async () => {
    const { state } = await jsm.streams.info(stream);
    expect(await audited()).toEqual({
      partition: 0,
      stream,
      messages: events.length,
      unreadable: 0,
      replays: undefined,
      live: { at: state.last_seq, difference: undefined },
    });
  });

  it('goes as far as the rows are, and no farther', async () => {
    const live = await projected();
    const at = live?.marks.at(-1)?.streamSeq;
    await storeLog(nats, [{ ...(events[0] as Envelope), conversationId: 'later', id: 'later:1', seq: 1 }], 1);
    const audit = await auditPartition({ js, jsm }, 0, live && { live });
    expect(audit.live).toEqual({ at, difference: undefined });
    expect(audit.messages).toBe(events.length + 1);
  });

  it('names an event that the rows have not folded', async () => {
    const missed = first + 41;
    expect((await audited(missed)).live?.difference).toMatchObject({
      from: 1,
      suspect: { tag: 'not folded', streamSeq: missed, event: events[41] as object },
    });
  });

  it('names an event that was folded and has gone since', async () => {
    const live = await projected();
    await jsm.streams.deleteMessage(stream, first + 17, false);
    const { live: found } = await auditPartition({ js, jsm }, 0, live && { live });
    const gap = { first: first + 17, last: first + 17 };
    expect(found?.difference?.suspect).toEqual({ tag: 'gone from the log', gap });
  });

  it('does not take for lost what was gone before the rows were made', async () => {
    await jsm.streams.deleteMessage(stream, first + 17, false);
    const live = await projected();
    expect((await auditPartition({ js, jsm }, 0, live && { live })).live?.difference).toBeUndefined();
    await jsm.streams.deleteMessage(stream, first + 29, false);
    const { live: found } = await auditPartition({ js, jsm }, 0, live && { live });
    const gap = { first: first + 29, last: first + 29 };
    expect(found?.difference?.suspect).toEqual({ tag: 'gone from the log', gap });
  });

  it('finds nothing wrong with a log that an erasure has emptied in places', async () => {
    const whole = events.map((event, index) => ({ streamSeq: index + 1, event }));
    const erased = events
      .filter(({ type }) => type === 'message.deleted')
      .slice(0, 12)
      .reduce((log, event) => eraseInLog(log, event.conversationId, (event.data as { seq: number }).seq), {
        whole,
        emptied: [],
      } as ErasedLog);
    expect(erased.emptied.length).toBeGreaterThan(8);
    await projected();
    await storeLog(
      nats,
      erased.whole.slice(events.length).map(({ event }) => event),
      1,
    );
    for (const streamSeq of erased.emptied) await jsm.streams.deleteMessage(stream, streamSeq, false);
    // Rows that saw the events, rows that have not seen what is left of them yet, and rows that never saw the events.
    const early = await readLive(database, schema, 0);
    expect((await auditPartition({ js, jsm }, 0, early && { live: early })).live?.difference).toBeUndefined();
    expect((await audited()).live?.difference).toBeUndefined();
    await emptyTables(rows.client);
    expect((await audited()).live?.difference).toBeUndefined();
  });

  it('says that the digest of the rows is of other events, where nothing else explains it', async () => {
    await projected();
    await rows.client.query(`update ${schema}.checkpoint set digest = $1 where projection = 'timeline'`, [
      '0123456789abcdef0123456789abcdef',
    ]);
    const live = await readLive(database, schema, 0);
    const { live: found } = await auditPartition({ js, jsm }, 0, live && { live });
    expect(found?.difference).toMatchObject({ from: 1, suspect: undefined });
  });

  it('says that the log is shorter than its rows', async () => {
    const live = await projected();
    const last = first + 9;
    for (let streamSeq = first + 10; streamSeq < first + events.length; streamSeq++)
      await jsm.streams.deleteMessage(stream, streamSeq, false);
    const { live: found } = await auditPartition({ js, jsm }, 0, live && { live });
    // A stream counts on behind what was taken from its end.
    expect(found?.difference?.suspect).toMatchObject({ tag: 'gone from the log', gap: { first: last + 1 } });
  });

  it('names an event that is decoded to something else the second time', async () => {
    const strange = events[33] as Envelope;
    let times = 0;
    const fold: Fold = {
      decode: (subject, json) => {
        const event = decodeEvent(subject, json);
        if (typeof event === 'string' || event.id !== strange.id) return event;
        return { ...event, at: event.at + times++ };
      },
      evolve,
    };
    const { replays } = await auditPartition({ js, jsm }, 0, { fold });
    expect(replays).toMatchObject({ streamSeq: first + 33 });
  });

  it('names a conversation whose state is folded to something else the second time', async () => {
    let times = 0;
    const fold: Fold = {
      decode: decodeEvent,
      evolve: (state, event) => {
        const next = evolve(state, event);
        return event.id === 'long-7:60' ? { ...next, revision: next.revision + times++ } : next;
      },
    };
    const { replays } = await auditPartition({ js, jsm }, 0, { fold });
    expect(replays).toMatchObject({ conversationId: 'long-7' });
  });
});

describe('marks of the digest', () => {
  it('are left where the checkpoint passes another 65,536 messages, and by the timeline alone', async () => {
    await emptyTables(rows.client);
    const start = await checkpoint();
    const at = (streamSeq: number, lane: number): Checkpoint => ({
      ...start,
      streamSeq,
      digest: [lane, 0, 0, 0],
    });
    const steps = [start, at(65_000, 1), at(65_536, 2), at(70_000, 3), at(200_000, 4)];
    for (const [index, to] of steps.entries()) {
      const from = steps[index - 1];
      if (from !== undefined) await moveCheckpoint(rows.client, schema, { share, from, to });
    }
    expect(await readMarks(rows.client, schema, 0, 300_000)).toEqual([
      { streamSeq: 65_536, digest: [2, 0, 0, 0] },
      { streamSeq: 200_000, digest: [4, 0, 0, 0] },
    ]);
  });
});
