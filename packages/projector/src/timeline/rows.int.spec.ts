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
import { naiveTables } from '../testing/naive-model.js';
import { readTables } from '../testing/read-tables.js';
import { timeline } from './projection.js';

const share: Share = { projection: 'timeline', partition: 0 };
const schema = 'rm_1';

describe('the rows of a log', { timeout: 120_000 }, () => {
  let environment: TestEnvironment;
  let client: pg.Client;

  beforeAll(async () => {
    environment = await testEnvironment();
    await migrate(environment.databaseUrl, { readModel: 1 });
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
      `truncate ${['conversation', 'member', 'ban', 'message', 'reaction', 'checkpoint', 'dead_letter']
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
    return { tables: await readTables(client, schema), checkpoint };
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
        const { tables, checkpoint } = await project(events, cutAt);
        expect(tables).toEqual(naiveTables(events));
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
        expect(tables).toEqual(naiveTables(events));
      }),
      { numRuns: 40 },
    );
  });

  it('are those of a naive fold for events that no conversation would make', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 40, size: 'max' }), cuts, async (makers, cutAt) => {
        const events = makers.map((make, index) => make(index + 1));
        const { tables } = await project(events, cutAt);
        expect(tables).toEqual(naiveTables(events));
      }),
      { numRuns: 40 },
    );
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
        'message.expired',
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
        'message.sent': () => ({ ordinal: ++ordinal, body }),
        'message.edited': () => ({ seq: target, body }),
        'message.deleted': () => ({ seq: target }),
        'message.reacted': () => ({ seq: target, emoji: flag ? '+1' : '-1', removed: seq % 3 === 0 }),
        'message.expired': () => ({ ranges: [[target, flag ? target : target + 2]] }),
      }[type]();
      const place = { conversationId: 'handled', seq, at: 1_000 + seq, actor, commandId: `c-${seq}` };
      return envelop({ type, data } as ConversationEvent, place);
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
