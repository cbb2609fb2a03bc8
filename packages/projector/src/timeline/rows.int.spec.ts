import type { ConversationEvent } from '@parley/domain/conversation/events';
import { digestHex } from '@parley/domain/log/digest';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { anyEvent, commands } from '@parley/domain/testing/arbitraries';
import { happen } from '@parley/domain/testing/history';
import { migrate } from '@parley/infra/read-model/migrate';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, type Share } from '../checkpoint.js';
import { projectBatch } from '../project-batch.js';
import { digestsOf, renamed } from '../testing/big-log.js';
import { logged } from '../testing/logged.js';
import { naivePlaces, readPlaces } from '../testing/naive-places.js';
import { openReadModel, type ReadModel } from '../testing/read-model-fixture.js';
import { readTables } from '../testing/read-tables.js';
import { tablesOfLog } from '../testing/tables-of-log.js';
import { WINDOW_MS } from '../window.js';
import { ALWAYS } from './marks.js';
import { timeline } from './projection.js';

const share: Share = { projection: 'timeline', partition: 0 };
const schema = 'rm_1';

describe('the rows of a log', { timeout: 120_000 }, () => {
  let environment: TestEnvironment;
  let client: pg.Client;

  beforeAll(async () => {
    environment = await testEnvironment();
    await migrate(environment.databaseUrl);
    client = new pg.Client(environment.databaseUrl);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await environment.dispose();
  });

  /** Projects the log into empty tables, cut after each of these messages, every batch given twice. */
  async function project(events: readonly Envelope[], cuts: readonly number[]) {
    await client.query(
      `truncate ${[
        'conversation',
        'member',
        'ban',
        'message',
        'reaction',
        'pin',
        'call',
        'call_stay',
        'departure',
        'checkpoint',
        'dead_letter',
      ]
        .map((table) => `${schema}.${table}`)
        .join(', ')}`,
    );
    const messages = logged(events);
    const edges = [
      0,
      ...cuts.filter((cut) => cut < messages.length).toSorted((a, b) => a - b),
      messages.length,
    ];
    let checkpoint = await readCheckpoint(client, schema, share);
    for (let i = 1; i < edges.length; i++) {
      const batch = messages.slice(edges[i - 1], edges[i]);
      for (const _ of ['first', 'again']) {
        ({ checkpoint } = await projectBatch({ client, schema, share }, timeline, checkpoint, batch));
      }
    }
    return { tables: await readTables(client, schema), places: await readPlaces(client, schema), checkpoint };
  }

  const cuts = fc.array(fc.nat({ max: 120 }), { maxLength: 12, size: 'max' });

  /** Several conversations whose events alternate. */
  const logs = fc
    .array(commands, { minLength: 1, maxLength: 3 })
    .map((all) => all.map((tried, index) => renamed(happen(tried).log, `c${index}`)))
    .chain((histories) => fc.tuple(fc.constant(histories), fc.infiniteStream(fc.nat({ max: 2 }))))
    .map(([histories, turns]) => interleaved(histories, turns));

  it('are those of a naive fold, however the log is cut into batches and given twice', async () => {
    await fc.assert(
      fc.asyncProperty(logs, cuts, async (events, cutAt) => {
        const { tables, places, checkpoint } = await project(events, cutAt);
        expect(tables).toEqual(tablesOfLog(events));
        expect(places).toEqual(naivePlaces(events));
        expect(checkpoint.events).toBe(events.length);
        expect(digestHex(checkpoint.digest)).toBe(digestsOf(events, 1)[0]);
      }),
      { numRuns: 40 },
    );
  });

  it('are those of a naive fold when messages are changed after they are gone', async () => {
    await fc.assert(
      fc.asyncProperty(handled, cuts, async (events, cutAt) => {
        const { tables } = await project(events, cutAt);
        expect(tables).toEqual(tablesOfLog(events));
      }),
      { numRuns: 40 },
    );
  });

  it('are those of a naive fold when people come to calls and go, however they go', async () => {
    await fc.assert(
      fc.asyncProperty(talked, cuts, async (events, cutAt) => {
        const { tables } = await project(events, cutAt);
        expect(tables).toEqual(tablesOfLog(events));
      }),
      { numRuns: 60 },
    );
  });

  it('are those of a naive fold for events that no conversation would make', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 40, size: 'max' }), cuts, async (makers, cutAt) => {
        const events = makers.map((make, index) => make(index + 1));
        const { tables, places } = await project(events, cutAt);
        expect(tables).toEqual(tablesOfLog(events));
        expect(places).toEqual(naivePlaces(events));
      }),
      { numRuns: 40 },
    );
  });
});

describe('marks of members', () => {
  let model: ReadModel;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());

  const place = (seq: number, at: number) => ({
    conversationId: 'town',
    seq,
    at,
    actor: 'u0',
    commandId: `c-${seq}`,
  });
  const people = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({
      user: `u${from + index}`,
      role: 'member' as const,
      banHash: `h${from + index}`,
    }));
  const message = (seq: number, at: number) =>
    envelop(
      { type: 'message.sent', data: { ordinal: seq, body: 'p0.{"kind":"text","text":"x"}' } },
      place(seq, at),
    );
  const marks = async () => {
    const { rows } = await model.client.query<{ marked: string; count: string }>(
      'select marked, count(*) from rm_1.member group by marked order by marked',
    );
    return rows.map(({ marked, count }) => [marked, Number(count)]);
  };
  it('are written once in a window, however much is said in it, and never where members are many', async () => {
    const created = { kind: 'group' as const, ttl: null, members: people(0, 250) };
    await model.given(envelop({ type: 'conversation.created', data: created }, place(1, WINDOW_MS)));
    expect(await marks()).toEqual([['1', 250]]);
    const stamps = async () => {
      const { rows } = await model.client.query<{ versions: string }>(
        'select count(distinct xmin::text) as versions, min(xmin::text) from rm_1.member',
      );
      return rows[0];
    };
    const before = await stamps();
    await model.given(message(2, WINDOW_MS + 1), message(3, WINDOW_MS + 1_000));
    await model.given(message(4, 2 * WINDOW_MS - 1));
    expect(await stamps()).toEqual(before);
    await model.given(message(5, 2 * WINDOW_MS), message(6, 2 * WINDOW_MS + 1));
    expect(await marks()).toEqual([['5', 250]]);

    await model.given(
      envelop({ type: 'member.added', data: { members: people(250, 260) } }, place(7, 3 * WINDOW_MS)),
    );
    expect(await marks()).toEqual([[ALWAYS, 260]]);
    await model.given(
      envelop({ type: 'member.added', data: { members: people(260, 261) } }, place(8, 3 * WINDOW_MS + 1)),
    );
    expect(await marks()).toEqual([[ALWAYS, 261]]);
    const large = await stamps();
    await model.given(message(9, 9 * WINDOW_MS));
    expect(await stamps()).toEqual(large);

    const users = people(255, 261).map(({ user }) => user);
    await model.given(envelop({ type: 'member.removed', data: { users } }, place(10, 9 * WINDOW_MS + 1)));
    expect(await marks()).toEqual([['9', 255]]);
  });
});

/** One conversation of messages to which everything is done, over and over, also to those that are gone. */
const handled = fc
  .array(
    fc.record({
      type: fc.constantFrom(
        'message.sent',
        'message.sent',
        'message.edited',
        'message.deleted',
        'message.reacted',
        'message.pinned',
        'message.unpinned',
        'message.expired',
        'member.erased',
        'conversation.expirySet',
        'conversation.held',
        'conversation.released',
      ),
      actor: fc.constantFrom('ann', 'ben'),
      target: fc.integer({ min: 1, max: 8 }),
      flag: fc.boolean(),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((deeds) => {
    let ordinal = 0;
    return deeds.map(({ type, actor, target, flag }, index) => {
      const seq = index + 1;
      const body = `p0.{"kind":"text","text":"${seq}"}`;
      const data = {
        'message.sent': () => ({
          ordinal: ++ordinal,
          body,
          replyTo: target,
          ...(flag ? {} : { expiresAt: 9_000 + target }),
        }),
        'message.edited': () => ({ seq: target, body }),
        'message.deleted': () => ({ seq: target }),
        'message.reacted': () => ({ seq: target, emoji: flag ? '+1' : '-1', removed: seq % 3 === 0 }),
        'message.pinned': () => ({ seq: target, author: 'ann' }),
        'message.unpinned': () => ({ seq: target }),
        'message.expired': () => ({ ranges: [[target, flag ? target : target + 2]] }),
        'member.erased': () => ({ user: flag ? 'ann' : 'cem' }),
        'conversation.expirySet': () => ({ expiresAt: flag ? 9_000 + target : null }),
        'conversation.held': () => ({ reason: 'case 7' }),
        'conversation.released': () => ({}),
      }[type]();
      const place = { conversationId: 'handled', seq, at: 1_000 + seq, actor, commandId: `c-${seq}` };
      return envelop({ type, data } as ConversationEvent, place);
    });
  });

/** One conversation of calls, one after the other, that people leave in every way there is; the first part of it may be an import. */
const talked = fc
  .tuple(
    fc.nat({ max: 20 }),
    fc.array(
      fc.record({
        type: fc.constantFrom<ConversationEvent['type']>(
          'call.started',
          'call.started',
          'call.joined',
          'call.joined',
          'call.joined',
          'call.left',
          'call.left',
          'call.ended',
          'call.muted',
          'member.added',
          'member.added',
          'member.left',
          'member.removed',
          'member.banned',
          'member.erased',
          'conversation.closed',
          'message.sent',
          'conversation.erased',
        ),
        actor: fc.constantFrom('ann', 'ben', 'cem'),
        device: fc.constantFrom('phone', 'laptop'),
        back: fc.nat({ max: 9 }),
        why: fc.constantFrom('left', 'removed', 'lost'),
      }),
      { maxLength: 60, size: 'max' },
    ),
  )
  .map(([importedTo, deeds]) => {
    let [call, entered, isOver] = [1, [1], false];
    return deeds.flatMap(({ type, actor, device, back, why }, index) => {
      const seq = index + 1;
      const isEnd = type === 'conversation.erased' || type === 'conversation.closed';
      if (isOver || (isEnd && back > 0)) return [];
      isOver = type === 'conversation.erased';
      if (type === 'call.started' && back > 2) call = seq;
      if (type === 'call.started' || type === 'call.joined') entered = [seq, ...entered];
      const participant = entered[Math.min(back, entered.length - 1)] as number;
      const data = {
        'call.started': () => ({ media: 'voice', device, p2pMax: 4 }),
        'call.joined': () => ({ call, device }),
        'call.left': () => ({ call, participant, user: actor, why }),
        'call.ended': () => ({ call: back > 2 ? call : 1 }),
        'call.muted': () => ({ call, user: actor, muted: true }),
        'member.added': () => ({ members: [{ user: actor, role: 'member', banHash: `h-${actor}` }] }),
        'member.removed': () => ({ users: [actor] }),
        'member.banned': () => ({ banHash: `h-${actor}` }),
        'member.erased': () => ({ user: actor }),
        'message.sent': () => ({ ordinal: seq, body: 'p0.{"kind":"text","text":"x"}' }),
      } as Readonly<Record<string, () => object>>;
      const place = { conversationId: 'talked', seq, at: 1_000 + seq, actor, commandId: `c-${seq}` };
      const of = seq <= importedTo ? { importedTo } : {};
      return [envelop({ type, data: data[type]?.() ?? {} } as ConversationEvent, { ...place, ...of })];
    });
  });

function interleaved(
  histories: readonly (readonly Envelope[])[],
  turns: Iterator<number>,
): readonly Envelope[] {
  const rest = histories.map((history) => [...history]);
  const events: Envelope[] = [];
  while (rest.some((history) => history.length > 0)) {
    const next =
      rest[(turns.next().value ?? 0) % rest.length]?.shift() ??
      rest.find((history) => history.length > 0)?.shift();
    if (next) events.push(next);
  }
  return events;
}
