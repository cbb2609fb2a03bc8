import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { commands } from '@parley/domain/testing/arbitraries';
import { happen } from '@parley/domain/testing/history';
import { consumeBatches } from '@parley/infra/log/consume';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { streamName } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { beginVersion } from '@parley/infra/read-model/versions';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { waitFor } from '@parley/infra/testing/wait-for';
import fc from 'fast-check';
import pg from 'pg';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint.js';
import { readMarks } from '../digest-marks.js';
import { openSession } from '../ownership/session.js';
import { projectBatch } from '../project-batch.js';
import type { Projection } from '../projection.js';
import { runShare } from '../run-share.js';
import { renamed, talk } from '../testing/big-log.js';
import { eraseInLog } from '../testing/erase-in-log.js';
import { laterTimeline, latestTimeline, poisoned } from '../testing/poisoned.js';
import { openReadModel, type ReadModel, share } from '../testing/read-model-fixture.js';
import { readRows, readTables } from '../testing/read-tables.js';
import { timeline } from '../timeline/projection.js';
import { dropEvent } from './drop-event.js';
import { listLetters, placeOfLetter } from './letters.js';
import { parkedMetrics, readFigures } from './metrics.js';
import { listParked } from './parked-conversation.js';
import { retryAtClaim } from './retry-at-claim.js';
import { retryConversation } from './retry-conversation.js';
import { retryShare } from './retry-share.js';

/** Its body as it is sealed: of a plain one the digest would know. */
const sealed = (event: Envelope): Envelope =>
  event.type === 'message.sent' || event.type === 'message.edited'
    ? ({
        ...event,
        data: { ...event.data, body: `s1.m2023-11.${String(event.seq).padStart(32, 'n')}sealed` },
      } as Envelope)
    : event;

describe('retrying what is parked', () => {
  let model: ReadModel;
  let nats: NatsConnection;
  let pool: pg.Pool;
  let names = 0;

  beforeAll(async () => {
    model = await openReadModel();
    pool = new pg.Pool({ connectionString: model.environment.databaseUrl });
    pool.on('connect', (connection) => connection.on('error', () => undefined));
    // Beside the build that meets the faults: one that never does.
    await beginVersion(pool, model.environment.databaseUrl, NEWEST_MODEL);
    nats = await connectNats(model.environment.natsUrl, 'retry-spec');
    await ensureTopology(nats, { partitions: 1, replicas: 1 });
  });
  afterAll(async () => {
    await nats?.close();
    await pool?.end();
    await model?.close();
  });

  const fresh = (name: string) => `${name}-${++names}`;

  const store = (...events: readonly Envelope[]) => storeLog(nats, events, 1);

  /** What the log has that a build has not met. */
  async function rest(schema: string): Promise<readonly LoggedMessage[]> {
    const { streamSeq } = await readCheckpoint(model.client, schema, share);
    const messages: LoggedMessage[] = [];
    for await (const batch of consumeBatches(jetstream(nats), streamName(0), streamSeq, { follow: false }))
      messages.push(...batch);
    return messages;
  }

  async function project(projection: Projection = timeline, schema = 'rm_1', most = 1_000_000) {
    const messages = await rest(schema);
    let checkpoint = await readCheckpoint(model.client, schema, share);
    for (let at = 0; at < messages.length; at += most) {
      const target = { client: model.client, schema, share };
      ({ checkpoint } = await projectBatch(target, projection, checkpoint, messages.slice(at, at + most)));
    }
  }

  const resources = async (projection: Projection = laterTimeline, schema = 'rm_1') => ({
    client: model.client,
    schema,
    share,
    jsm: await jetstream(nats).jetstreamManager(false),
    projection,
  });

  const retry = async (id: string, projection?: Projection) =>
    retryConversation(await resources(projection), id);

  /** Everything that two builds must agree in. */
  async function standing(schema: string) {
    const { streamSeq, events, digest } = await readCheckpoint(model.client, schema, share);
    return {
      checkpoint: { streamSeq, events, digest },
      tables: await readTables(model.client, schema),
      changed: await readRows(
        model.client,
        `select conversation_id, changed from ${schema}.conversation order by 1`,
      ),
      departures: await readRows(model.client, `select * from ${schema}.departure order by 1, 2`),
      gaps: await readRows(model.client, `select * from ${schema}.gap order by 1, 2`),
      letters: await readRows(model.client, `select stream_seq from ${schema}.dead_letter`),
      parked: await readRows(model.client, `select * from ${schema}.parked_conversation`),
    };
  }

  async function expectAsNeverParked() {
    await project(latestTimeline, 'rm_2');
    expect(await standing('rm_1')).toEqual(await standing('rm_2'));
  }

  const newestId = async () => {
    const letters = await listLetters(pool, 1, { most: 1_000 });
    return letters.at(-1)?.id as string;
  };

  it('ends with the rows and digest of a build that never met a fault, however it was parked and retried', async () => {
    const histories = fc.array(commands, { minLength: 1, maxLength: 3 });
    const faults = fc.array(fc.nat({ max: 60 }), { maxLength: 6 });
    const turns = fc.array(
      fc.record({ events: fc.nat({ max: 25 }), most: fc.integer({ min: 1, max: 12 }), cures: fc.boolean() }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(histories, faults, turns, async (all, bad, plan) => {
        const logs = all.map((tried) => renamed(happen(tried).log, fresh('any')));
        const events: Envelope[] = [];
        for (let turn = 0; logs.some((log) => log.length > turn); turn++)
          for (const log of logs) events.push(...log.slice(turn, turn + 1));
        const stored = events.map((event, index) => (bad.includes(index) ? poisoned(event) : event));
        let at = 0;
        for (const { events: count, most, cures } of plan) {
          await store(...stored.slice(at, at + count));
          at += count;
          await project(timeline, 'rm_1', most);
          await retryShare(await resources(cures ? laterTimeline : timeline), new AbortController().signal);
        }
        await store(...stored.slice(at));
        await project(timeline, 'rm_1');
        await retryShare(await resources(), new AbortController().signal);
        await expectAsNeverParked();
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it('stays where it is as long as nobody can read it, and says why', async () => {
    const id = fresh('stuck');
    const events = talk(id, 9);
    await store(...events.map((event) => (event.seq === 4 ? poisoned(event) : event)));
    await project();
    const before = await standing('rm_1');
    expect(await retry(id, timeline)).toMatchObject({
      tag: 'stuck',
      folded: 0,
      letter: { error: expect.stringContaining('later.') },
    });
    expect(await standing('rm_1')).toEqual(before);

    expect(await retry(id)).toEqual({ tag: 'mended', folded: 6 });
    expect(await retry(id)).toEqual({ tag: 'gone' });
    await expectAsNeverParked();
  });

  it('goes on to the next poison of the conversation, and from there', async () => {
    const id = fresh('twice');
    const faults: Readonly<Record<number, (event: Envelope) => Envelope>> = {
      1: poisoned,
      7: (event) => poisoned(poisoned(event)),
    };
    await store(...talk(id, 12).map((event) => faults[event.seq]?.(event) ?? event));
    await project();
    expect(await retry(id, laterTimeline)).toMatchObject({ tag: 'stuck', folded: 6 });
    expect(await listLetters(pool, 1, { most: 9 })).toMatchObject([{ conversationId: id, waiting: 5 }]);
    expect(await retry(id, latestTimeline)).toEqual({ tag: 'mended', folded: 6 });
    await expectAsNeverParked();
  });

  it('takes what the database refused once it takes it, and finds it again where it does not', async () => {
    const id = fresh('refused');
    await model.client.query(
      `alter table rm_1.message add constraint refused check (body not like '%message 9 of ${id}%') not valid`,
    );
    await store(...talk(id, 30));
    await project();
    expect(await retry(id)).toMatchObject({
      tag: 'stuck',
      letter: { error: expect.stringContaining('refused') },
    });
    expect(await listParked(model.client, 'rm_1', share)).toEqual([id]);
    await model.client.query('alter table rm_1.message drop constraint refused');
    expect(await retry(id)).toMatchObject({ tag: 'mended', folded: 22 });
    await expectAsNeverParked();
  });

  it('folds a long conversation in steps, and whoever is broken off is gone on with', async () => {
    const id = fresh('long');
    await store(...talk(id, 2_300).map((event) => (event.seq === 2 ? poisoned(event) : event)));
    await project();
    const stop = new AbortController();
    let steps = 0;
    const counting: Projection = {
      ...laterTimeline,
      prepare: (messages, ...others) => {
        if (messages.length > 1 && ++steps === 2) stop.abort(new Error('killed'));
        return laterTimeline.prepare(messages, ...others);
      },
    };
    await expect(retryConversation(await resources(counting), id, stop.signal)).rejects.toThrow('killed');
    expect((await listLetters(pool, 1, { most: 9 })).map(({ waiting }) => waiting)).toEqual([2_298 - 2_000]);
    await store(...talk(id, 2_310).slice(2_300));
    await project();
    expect(await retry(id)).toEqual({ tag: 'mended', folded: 2_309 - 2_000 });
    await expectAsNeverParked();
  });

  it('loses the step alone in which it is killed', async () => {
    const id = fresh('killed');
    await store(...talk(id, 1_200).map((event) => (event.seq === 2 ? poisoned(event) : event)));
    await project();
    const { client, end } = await openSession(model.environment.databaseUrl, 'killed');
    const pid = (await client.query('select pg_backend_pid() as pid')).rows[0]?.pid;
    let steps = 0;
    const killed: Projection = {
      ...laterTimeline,
      prepare: async (messages, ...others) => {
        const prepared = await laterTimeline.prepare(messages, ...others);
        if (messages.length > 1 && ++steps === 2) await pool.query('select pg_terminate_backend($1)', [pid]);
        return prepared;
      },
    };
    await expect(retryConversation({ ...(await resources(killed)), client }, id)).rejects.toThrow();
    await end();
    expect((await listLetters(pool, 1, { most: 9 })).map(({ waiting }) => waiting)).toEqual([1_198 - 1_000]);
    expect(await retry(id)).toEqual({ tag: 'mended', folded: 1_199 - 1_000 });
    await expectAsNeverParked();
  });

  it('is done once by whoever takes the share, which is told in figures until then', async () => {
    const id = fresh('claimed');
    await model.client.query(
      `alter table rm_1.message add constraint refused check (body not like '%message 3 of ${id}%') not valid`,
    );
    await store(...talk(id, 5));
    await project();
    expect(await readFigures(pool)).toMatchObject([
      { version: 1, projection: 'timeline', partition: 0, letters: 1, conversations: 1, waiting: 2 },
    ]);
    const registry = new Registry();
    parkedMetrics(registry, pool);
    const labels = '{version="1",projection="timeline",partition="0"}';
    expect(await registry.metrics()).toContain(`parley_parked_waiting_events${labels} 2`);

    const said: string[] = [];
    const say = (_: unknown, what: string) => void said.push(what);
    const { jsm } = await resources();
    let tries = 0;
    const trying: Projection = {
      ...timeline,
      prepare: (...given) => {
        tries++;
        return timeline.prepare(...given);
      },
    };
    const claim = () => {
      const stop = new AbortController();
      const { databaseUrl } = model.environment;
      const log = { info: say, warn: say } as never;
      const done = retryAtClaim(
        { database: pool, databaseUrl, jsm, log },
        'rm_1',
        share,
        trying,
      )(stop.signal);
      return { done, stop };
    };
    const first = claim();
    await waitFor(() => tries > 0, { what: 'the first try' });
    await waitFor(
      async () =>
        (await pool.query(`select from pg_stat_activity where application_name = 'retry-rm_1'`)).rowCount ===
        0,
      { what: 'its end' },
    );
    first.stop.abort();
    await first.done;
    expect(said).toEqual([]);

    await model.client.query('alter table rm_1.message drop constraint refused');
    const second = claim();
    await waitFor(() => said.length > 0, { what: 'it to go on' });
    expect(said).toEqual(['what was parked goes on']);
    // It is beside the work on the share, which must not end with it.
    let isOver = false;
    void second.done.then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    second.stop.abort();
    await second.done;
    expect(await registry.metrics()).not.toContain(labels);
    await expectAsNeverParked();
  });

  it('goes on while the owner of the share projects, which notices each step', async () => {
    const id = fresh('busy');
    await store(...talk(id, 1_500).map((event) => (event.seq === 3 ? poisoned(event) : event)));
    await project();
    const owner = new pg.Client(model.environment.databaseUrl);
    await owner.connect();
    const stop = new AbortController();
    const metrics = new Proxy({}, { get: () => () => undefined }) as never;
    const log = { warn: () => undefined, error: () => undefined } as never;
    const share1 = runShare(
      { js: jetstream(nats), metrics, log, onCommit: () => undefined },
      laterTimeline,
      { client: owner, schema: 'rm_1', share },
      stop.signal,
    );
    const beside = fresh('beside');
    let seq = 0;
    let more = true;
    const traffic = (async () => {
      while (more) {
        await store(...renamed(talk('x', seq + 20), beside).slice(seq));
        await store(...talk(id, 1_500 + seq / 20 + 1).slice(1_500 + seq / 20));
        seq += 20;
      }
    })();
    expect(await retry(id)).toMatchObject({ tag: 'mended' });
    more = false;
    await traffic;
    const { length } = await rest('rm_2');
    const end = (await readCheckpoint(model.client, 'rm_2', share)).streamSeq + length;
    while ((await readCheckpoint(model.client, 'rm_1', share)).streamSeq < end)
      await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    await share1;
    await owner.end();
    await expectAsNeverParked();
  });

  it('knows what was erased from the log while it waited', async () => {
    const id = fresh('erased');
    const { last_seq: before } = (
      await (await jetstream(nats).jetstreamManager(false)).streams.info(streamName(0))
    ).state;
    const log = talk(id, 19).map((event) => (event.seq === 3 ? poisoned(event) : sealed(event)));
    await store(...log);
    await project();
    // Seq 18 deletes seq 5; the worker takes it out of the log.
    const placed = log.map((event, index) => ({ streamSeq: before + index + 1, event }));
    const { whole, emptied } = eraseInLog({ whole: placed, emptied: [] }, id, 5);
    expect(emptied).toHaveLength(1);
    await project(laterTimeline, 'rm_2');
    await store(...whole.slice(placed.length).map(({ event }) => event));
    const jsm = await jetstream(nats).jetstreamManager(false);
    for (const streamSeq of emptied) await jsm.streams.deleteMessage(streamName(0), streamSeq);
    await project();
    expect(await retry(id)).toMatchObject({ tag: 'mended' });
    await expectAsNeverParked();
  });

  it('has every build pass what was dropped, before or after it met it', async () => {
    const id = fresh('dropped');
    await store(...talk(id, 9).map((event) => ([4, 9].includes(event.seq) ? poisoned(event) : event)));
    await project();
    const first = placeOfLetter(await newestId());
    expect(await dropEvent(model.client, first as never, 'nobody needs it')).toEqual({
      parked: [1],
      folded: [],
    });
    expect(await retry(id, timeline)).toMatchObject({ tag: 'stuck', folded: 5 });
    const second = placeOfLetter(await newestId());
    await dropEvent(model.client, second as never, 'nor this');
    expect(await retry(id, timeline)).toEqual({ tag: 'mended', folded: 1 });
    // It has not met them, and could read them.
    await expectAsNeverParked();
    const { rows } = await model.client.query(
      'select revision::int from rm_1.conversation where conversation_id = $1',
      [id],
    );
    expect(rows).toEqual([{ revision: 9 }]);
    expect(await dropEvent(model.client, first as never, 'again')).toBeUndefined();
  });

  it('says which build has folded what is dropped', async () => {
    const id = fresh('folded');
    await store(...talk(id, 5).map((event) => (event.seq === 4 ? poisoned(event) : event)));
    await project();
    await project(laterTimeline, 'rm_2');
    const place = placeOfLetter(await newestId());
    expect(await dropEvent(model.client, place as never, 'why')).toEqual({ parked: [1], folded: [2] });
    // To agree again for the tests that follow.
    await model.client.query('delete from parley.dropped_event where stream_seq = $1', [place?.streamSeq]);
    await retry(id);
    await expectAsNeverParked();
  });

  it('takes away marks of the digest that did not know of it', async () => {
    const id = fresh('marks');
    await store(...talk(id, 5).map((event) => (event.seq === 4 ? poisoned(event) : event)));
    await project();
    const { streamSeq } = await model.checkpoint();
    const zeros = '0'.repeat(32);
    await model.client.query(
      'insert into rm_1.digest_mark (partition, stream_seq, digest) values (0, 1, $2), (0, $1, $2)',
      [streamSeq, zeros],
    );
    await retry(id);
    expect((await readMarks(model.client, 'rm_1', 0, streamSeq)).map((mark) => mark.streamSeq)).toEqual([1]);
    await expectAsNeverParked();
  });

  it('stands ten thousand parked conversations, and retries them a hundred at a time', async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `many-${index}`);
    await store(...ids.map((id) => poisoned(talk(id, 1)[0] as Envelope)));
    await project();
    expect((await model.checkpoint()).withheld.parked.size).toBe(10_000);
    await store(...ids.slice(0, 3_000).flatMap((id) => talk(id, 2).slice(1)));
    await project();
    expect(await retryShare(await resources(timeline), new AbortController().signal)).toBe(0);
    const { interventions } = await model.checkpoint();
    const stop = new AbortController();
    let retried = 0;
    const mended = await retryShare(await resources(), stop.signal, () => {
      if (++retried === 2_000) stop.abort();
    });
    expect(mended).toBe(2_000);
    const after = await model.checkpoint();
    expect(after.withheld.parked.size).toBe(8_000);
    expect(after.interventions - interventions).toBe(20);
  }, 60_000);
});
