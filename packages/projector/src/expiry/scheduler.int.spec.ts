import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { queueErasure } from '@parley/infra/erasure/queue';
import { openPublishWindow, type PublishWindow } from '@parley/infra/log/publish-window';
import { ERASURES } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { createLog } from '@parley/infra/runtime/log';
import { openLogClock } from '@parley/infra/runtime/log-clock';
import { storeLog } from '@parley/infra/testing/store-log';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectorMetrics } from '../metrics.js';
import { runShare } from '../run-share.js';
import { created, mortal, readLog, sent, tombstones, type Writer, writerOf } from '../testing/mortal-log.js';
import { openReadModel, type ReadModel } from '../testing/read-model-fixture.js';
import { timeline } from '../timeline/projection.js';
import { countDue } from './due-conversation.js';
import { expiryMetrics } from './metrics.js';
import { openScheduler, type Scheduler } from './scheduler.js';

const NOON = Date.UTC(2026, 10, 21, 12);
const MINUTE = 60_000;
const log = createLog('spec', 'silent');

/** The rows of one partition follow the log; time stands where a test puts it. */
describe('what is due', () => {
  let model: ReadModel;
  let nats: NatsConnection;
  let database: pg.Pool;
  let now = NOON;
  let schedulers: Scheduler[] = [];
  let windows: PublishWindow[] = [];
  let projecting: { readonly stop: AbortController; readonly done: Promise<void> };

  beforeEach(async () => {
    now = NOON;
    model = await openReadModel();
    database = new pg.Pool({ connectionString: model.environment.databaseUrl, max: 4 });
    nats = await connectNats(model.environment.natsUrl, 'expiry-spec');
    await ensureTopology(nats, { partitions: 1, replicas: 1 });
    const stop = new AbortController();
    const metrics = projectorMetrics(new Registry(), async () => ({ events: 0, seconds: 0 })).of(1);
    const resources = { js: jetstream(nats), metrics, log, onCommit: () => undefined };
    projecting = { stop, done: runShare(resources, timeline, model.target, stop.signal) };
  });
  afterEach(async () => {
    for (const scheduler of schedulers) await scheduler.close();
    for (const window of windows) window.close();
    [schedulers, windows] = [[], []];
    projecting.stop.abort();
    await projecting.done;
    await database.end();
    await nats.close();
    await model.close();
  });

  const given = (...events: readonly Envelope[]) => storeLog(nats, events, 1);
  const inLog = () => readLog(nats, 1);
  const eventsOf = async (type: Envelope['type']) => (await inLog()).filter((event) => event.type === type);

  /** A projector's scheduler. `wrap` stands between it and the broker. */
  async function schedule({ wrap = (window: PublishWindow) => window, behind = 0, time = () => now } = {}) {
    const window = openPublishWindow(nats, { timeout: 1_000 });
    windows.push(window);
    const jsm = await jetstreamManager(nats, { checkAPI: false });
    const registry = new Registry();
    const scheduler = openScheduler({
      jsm,
      window: wrap(window),
      partitions: 1,
      now: time,
      queueErasure: (conversationId) => queueErasure(window, { kind: 'conversation', conversationId }),
      database,
      schema: model.target.schema,
      metrics: expiryMetrics(registry, async () => undefined),
      log,
      isUp: () => true,
    });
    scheduler.take(0).behind(behind);
    schedulers.push(scheduler);
    const metric = async (text: string): Promise<number> => {
      const lines = (await registry.metrics()).split('\n');
      return Number(
        lines
          .find((line) => line.startsWith(text))
          ?.split(' ')
          .at(-1) ?? 0,
      );
    };
    return { scheduler, metric };
  }

  /** Stores events just before the first append of this window. */
  const meanwhile =
    (...events: readonly Envelope[]) =>
    (window: PublishWindow): PublishWindow => {
      let first: Promise<void> | undefined;
      return {
        ...window,
        async publish(...what) {
          first ??= given(...events);
          await first;
          return window.publish(...what);
        },
        get inFlight() {
          return window.inFlight;
        },
      };
    };

  const rowsHave = (count: number) =>
    waitFor(async () => (await model.checkpoint()).events === count, { what: `${count} events in rows` });

  const dueInRows = async () => (await countDue(database, model.target.schema, [0], now)).due;

  it('gets one event a conversation, as ranges, not before it is due and not again', async () => {
    await given(...mortal('one', NOON, [NOON + MINUTE, NOON + MINUTE, NOON + 2 * MINUTE]));
    await given(...mortal('two', NOON, [NOON + MINUTE, NOON + 3 * MINUTE, NOON + MINUTE]));
    const { metric } = await schedule();
    await rowsHave(8);
    now = NOON + MINUTE - 1;
    expect(await dueInRows()).toBe(0);
    now = NOON + MINUTE;
    await waitFor(async () => (await eventsOf('message.expired')).length === 2, { what: 'the tombstones' });
    await waitFor(async () => (await dueInRows()) === 0, { what: 'the rows' });
    now = NOON + 2 * MINUTE;
    await waitFor(async () => (await eventsOf('message.expired')).length === 3, { what: 'the next' });
    await waitFor(async () => (await dueInRows()) === 0, { what: 'the rows' });
    expect(await eventsOf('message.expired')).toMatchObject([
      { conversationId: 'one', seq: 5, at: NOON + MINUTE, actor: '@system', data: { ranges: [[2, 3]] } },
      {
        conversationId: 'two',
        seq: 5,
        data: {
          ranges: [
            [2, 2],
            [4, 4],
          ],
        },
      },
      { conversationId: 'one', seq: 6, at: NOON + 2 * MINUTE, data: { ranges: [[4, 4]] } },
    ]);
    expect(await metric('parley_expiry_events_total{type="message.expired"}')).toBe(3);
  });

  it('is one range where reactions lie between, however many messages it is', async () => {
    const writer = writerOf('long');
    const events = [writer.next(created(), NOON)];
    for (let n = 1; n <= 1_500; n++) {
      const message = writer.next(sent(n, NOON + MINUTE), NOON);
      events.push(
        message,
        writer.next(
          { type: 'message.reacted', data: { seq: message.seq, emoji: '+1', removed: false } },
          NOON,
        ),
      );
    }
    await given(...events);
    await rowsHave(3_001);
    now = NOON + MINUTE;
    await schedule();
    await waitFor(async () => (await eventsOf('message.expired')).length > 0, { what: 'the tombstone' });
    await waitFor(async () => (await dueInRows()) === 0, { what: 'the rows' });
    expect((await eventsOf('message.expired')).map(({ data }) => data)).toEqual([{ ranges: [[2, 3_000]] }]);
  });

  it('is left alone in a conversation whose rows stand still, which is neither due nor failed', async () => {
    await given(...mortal('parked', NOON, [NOON + MINUTE]), ...mortal('beside', NOON, [NOON + MINUTE]));
    const count = () => countDue(database, 'rm_1', [0], NOON + 2 * MINUTE);
    await waitFor(async () => (await count()).due === 2, { what: 'both in the rows' });
    await database.query(
      `insert into rm_1.parked_conversation (partition, conversation_id, stream_seq) values (0, 'parked', 9)`,
    );
    expect(await count()).toMatchObject({ due: 1 });
    now = NOON + 2 * MINUTE;
    const { metric } = await schedule();
    await waitFor(async () => (await eventsOf('message.expired')).length === 1, { what: 'the one beside' });
    expect((await eventsOf('message.expired')).map(({ conversationId }) => conversationId)).toEqual([
      'beside',
    ]);
    expect(await metric('parley_expiry_outcomes_total{outcome="failed"}')).toBe(0);
    await database.query('delete from rm_1.parked_conversation');
    await waitFor(async () => (await eventsOf('message.expired')).length === 2, { what: 'the other' });
  });

  it('includes what was deleted', async () => {
    const writer = writerOf('gone');
    await given(
      writer.next(created(), NOON),
      writer.next(sent(1, NOON + MINUTE), NOON),
      writer.next({ type: 'message.deleted', data: { seq: 2 } }, NOON),
    );
    await rowsHave(3);
    now = NOON + MINUTE;
    await schedule();
    await waitFor(async () => (await eventsOf('message.expired')).length === 1, { what: 'the tombstone' });
  });

  describe('when something comes between reading and appending', () => {
    let writer: Writer;
    beforeEach(async () => {
      writer = writerOf('raced');
      await given(
        writer.next(created(), NOON),
        writer.next(sent(1, NOON + MINUTE), NOON),
        writer.next(sent(2, NOON + MINUTE), NOON),
      );
      await rowsHave(3);
      now = NOON + MINUTE;
    });

    it('waits, if that is a legal hold', async () => {
      const held = writer.next({ type: 'conversation.held', data: { reason: 'case 7' } }, NOON);
      const { metric } = await schedule({ wrap: meanwhile(held) });
      await waitFor(() => metric('parley_expiry_outcomes_total{outcome="settled"}'), {
        what: 'the decision',
      });
      await waitFor(async () => (await dueInRows()) === 0, { what: 'the hold in the rows' });
      expect(await eventsOf('message.expired')).toEqual([]);
      await given(writer.next({ type: 'conversation.released', data: {} }, NOON));
      await waitFor(async () => (await eventsOf('message.expired')).length === 1, { what: 'the tombstone' });
    });

    it('lets the rest expire, if that is somebody else’s tombstone', async () => {
      await schedule({
        wrap: meanwhile(writer.next({ type: 'message.expired', data: { ranges: [[2, 2]] } }, now, '@system')),
      });
      await waitFor(async () => (await eventsOf('message.expired')).length === 2, {
        what: 'both tombstones',
      });
      await waitFor(async () => (await dueInRows()) === 0, { what: 'the rows' });
      expect((await eventsOf('message.expired')).map(({ data }) => data)).toEqual([
        { ranges: [[2, 2]] },
        { ranges: [[3, 3]] },
      ]);
    });

    it('does nothing, if that is the erasure of the conversation', async () => {
      const { metric } = await schedule({
        wrap: meanwhile(writer.next({ type: 'conversation.erased', data: {} }, now)),
      });
      await waitFor(() => metric('parley_expiry_outcomes_total{outcome="settled"}'), {
        what: 'the decision',
      });
      expect(await eventsOf('message.expired')).toEqual([]);
    });

    it('goes behind an edit, a reaction and a deletion', async () => {
      const { metric } = await schedule({
        wrap: meanwhile(
          writer.next({ type: 'message.reacted', data: { seq: 2, emoji: '+1', removed: false } }, NOON),
          writer.next({ type: 'message.deleted', data: { seq: 2 } }, NOON),
          writer.next(sent(3, NOON + MINUTE), NOON),
        ),
      });
      await waitFor(async () => (await eventsOf('message.expired')).length === 2, { what: 'the tombstones' });
      expect(await eventsOf('message.expired')).toMatchObject([
        { seq: 7, data: { ranges: [[2, 3]] } },
        { seq: 8, data: { ranges: [[6, 6]] } },
      ]);
      expect(await metric('parley_expiry_conflicts_total')).toBeGreaterThan(0);
    });

    it('is the same when the answer of the broker is lost', async () => {
      let lost = 0;
      const wrap = (window: PublishWindow): PublishWindow => ({
        ...window,
        inFlight: 0,
        async publish(...what) {
          const outcome = await window.publish(...what);
          return lost++ === 0 ? { tag: 'unknown', reason: 'lost' } : outcome;
        },
      });
      await schedule({ wrap });
      await waitFor(async () => lost > 0 && (await dueInRows()) === 0, { what: 'the rows' });
      expect(await eventsOf('message.expired')).toHaveLength(1);
    });

    it('leaves alone what cannot be understood, and goes on with the others', async () => {
      const future = writer.next({ type: 'conversation.renamed', data: { title: 'p0."x"' } }, NOON);
      const { metric } = await schedule({ wrap: meanwhile({ ...future, version: 99 } as Envelope) });
      await waitFor(() => metric('parley_expiry_outcomes_total{outcome="failed"}'), { what: 'the failure' });
      await given(...mortal('other', NOON, [NOON + MINUTE]));
      await waitFor(async () => (await eventsOf('message.expired')).length === 1, { what: 'the other' });
      expect(await eventsOf('message.expired')).toMatchObject([{ conversationId: 'other' }]);
      expect(await metric('parley_expiry_outcomes_total{outcome="failed"}')).toBe(1);
    });
  });

  it('expires once where two projectors believe that they own it', async () => {
    const conversations = Array.from({ length: 300 }, (_, n) =>
      mortal(
        `c-${n}`,
        NOON,
        Array.from({ length: 5 }, (_, m) => NOON + m * 300),
      ),
    );
    await given(...conversations.flat());
    await schedule();
    await schedule();
    for (let step = 0; step < 5; step++) {
      await waitFor(async () => (await dueInRows()) === 0, { what: 'the rows' });
      now += 300;
    }
    await waitFor(async () => [...tombstones(await inLog()).times.values()].every((times) => times > 0), {
      what: 'all tombstones',
    });
    const { times, early } = tombstones(await inLog());
    expect([...times.values()].filter((count) => count !== 1)).toEqual([]);
    expect(times.size).toBe(1_500);
    expect(early).toEqual([]);
  });

  it.each([60 * MINUTE, -60 * MINUTE])(
    'is so by the log’s time, also if the wall clock is %i ms ahead',
    async (off) => {
      let ahead = 0;
      const wall = () => Date.now() + ahead;
      const clock = await openLogClock({ nats, log, registry: new Registry(), wall });
      await schedule({ time: clock.now });
      ahead = off;
      const real = Date.now();
      await given(...mortal('now', real, [real + 500]), ...mortal('later', real, [real + 30 * MINUTE]));
      await waitFor(async () => (await eventsOf('message.expired')).length > 0, { what: 'the tombstone' });
      now = real + MINUTE;
      await waitFor(async () => (await dueInRows()) === 0, { what: 'the rows' });
      expect(await eventsOf('message.expired')).toMatchObject([{ conversationId: 'now' }]);
      expect(tombstones(await inLog()).early).toEqual([]);
      clock.close();
    },
  );

  it('is not looked at while the rows are far behind the log', async () => {
    const { scheduler } = await schedule({ behind: 20_000 });
    await given(...mortal('one', NOON, [NOON]));
    await rowsHave(2);
    const other = await schedule();
    await waitFor(async () => (await eventsOf('message.expired')).length === 1, { what: 'the tombstone' });
    expect(await other.metric('parley_expiry_outcomes_total{outcome="ended"}')).toBe(1);
    expect(scheduler.isReady).toBe(true);
  });

  it('of a conversation is that it is closed, and then erased', async () => {
    const writer = writerOf('party');
    await given(
      writer.next(created(NOON + MINUTE), NOON),
      writer.next(sent(1, NOON + MINUTE / 2), NOON),
      writer.next(sent(2), NOON),
    );
    await schedule();
    now = NOON + MINUTE / 2;
    await waitFor(async () => (await eventsOf('message.expired')).length === 1, { what: 'the tombstone' });
    now = NOON + MINUTE;
    await waitFor(async () => (await eventsOf('conversation.erased')).length === 1, { what: 'the erasure' });
    expect((await inLog()).map(({ type, actor }) => `${type} ${actor}`).slice(3)).toEqual([
      'message.expired @system',
      'conversation.closed @system',
      'conversation.erased @system',
    ]);
    const jsm = await jetstreamManager(nats);
    expect((await jsm.streams.info(ERASURES)).state.messages).toBe(1);
    await waitFor(async () => (await dueInRows()) === 0, { what: 'the rows' });
  });

  it('of a conversation waits while that is held', async () => {
    const writer = writerOf('party');
    await given(
      writer.next(created(NOON + MINUTE), NOON),
      writer.next({ type: 'conversation.held', data: { reason: 'case 7' } }, NOON),
    );
    await rowsHave(2);
    now = NOON + MINUTE;
    const { metric } = await schedule();
    await given(...mortal('other', NOON, [NOON + MINUTE]));
    await waitFor(() => metric('parley_expiry_outcomes_total{outcome="ended"}'), { what: 'the other' });
    expect(await eventsOf('conversation.closed')).toEqual([]);
    await given(writer.next({ type: 'conversation.released', data: {} }, NOON));
    await waitFor(async () => (await eventsOf('conversation.erased')).length === 1, { what: 'the erasure' });
  });
});
