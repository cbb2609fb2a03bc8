import { foldHistory } from '@parley/domain/history/fold-history';
import { emptyHistory, type History } from '@parley/domain/history/history';
import { isThere } from '@parley/domain/history/timeline';
import type { Envelope } from '@parley/domain/log/envelope';
import { commands } from '@parley/domain/testing/arbitraries';
import { created, envelopes, happened, sent } from '@parley/domain/testing/given';
import { happen } from '@parley/domain/testing/history';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from './database.js';
import { type DuckDb, loadDuckDb } from './duckdb.js';
import { EVENT_TABLES, type EventWriter, openEventWriter } from './event-table.js';
import { type Plain, plainRows } from './plain-value.js';
import { VIEWS } from './views.js';
import { writeEvents } from './write-events.js';

const thumbs = (by: string, seq: number, removed = false) =>
  happened(by, 'message.reacted', { seq, emoji: '+1', removed });
const reactedTo = envelopes([
  created('group', { ann: 'owner', bob: 'member', cem: 'member', dan: 'member' }),
  sent('ann', 1),
  sent('bob', 2),
  thumbs('bob', 2),
  thumbs('cem', 2),
  thumbs('cem', 2, true),
  thumbs('dan', 2),
  thumbs('ann', 3),
  happened('bob', 'message.reacted', { seq: 2, emoji: '🌹', removed: false }),
  happened('bob', 'message.deleted', { seq: 3 }),
  happened('~system', 'member.erased', { user: 'dan' }),
]);

/** Conversations that have come about in some way or other, each with an id of its own. */
const histories = [
  reactedTo,
  ...fc.sample(commands, { numRuns: 600, seed: 9 }).map((tried) => happen(tried).log),
]
  .filter((log) => log.length > 0)
  .map((log, index) => log.map((event): Envelope => ({ ...event, conversationId: `c-${index}` })));
const folded = histories.map((log): History => {
  const history = emptyHistory(log[0]?.conversationId as string);
  for (const event of log) foldHistory(history, event);
  return history;
});

describe('what a question is asked of', () => {
  let duckdb: DuckDb;
  let database: Database;
  let writer: EventWriter;
  async function rows(sql: string): Promise<readonly Record<string, Plain>[]> {
    const answer = await database.connection.stream(sql);
    const names = answer.columnNames();
    const found: (readonly Plain[])[] = [];
    for await (const some of plainRows(duckdb, answer)) found.push(...some);
    return found.map((row) => Object.fromEntries(names.map((name, n) => [name, row[n] ?? null])));
  }

  beforeAll(async () => {
    duckdb = await loadDuckDb();
    database = await openDatabase(duckdb, { memory: '1GB', mayUseDisk: false });
    await database.connection.run(EVENT_TABLES);
    await database.connection.run(VIEWS);
    writer = await openEventWriter(duckdb, database.connection);
    for (const log of histories) {
      const logged = log.map((event) => ({ partition: 0, streamSeq: event.seq, event, json: undefined }));
      await writeEvents(writer, logged, undefined);
    }
    writer.flush();
  });
  afterAll(() => database?.[Symbol.dispose]());

  it('has every message as the history of its conversation has it', async () => {
    const erased = new Set(
      folded.filter(({ erasedAt }) => erasedAt !== null).map((one) => one.conversationId),
    );
    const expected = folded.flatMap(({ conversationId, timeline }) =>
      [...timeline].map((message) => ({
        conversation_id: conversationId,
        seq: message.seq,
        ordinal: message.ordinal,
        author: message.author,
        sent_at: new Date(message.sentAt ?? message.at).toISOString(),
        reply_to: message.replyTo,
        there: isThere(message) && (message.expiresAt ?? Number.POSITIVE_INFINITY) > Date.now(),
        edited_at: message.editedAt === null ? null : new Date(message.editedAt).toISOString(),
        body: message.body,
      })),
    );
    const found = await rows(
      `select conversation_id, seq, ordinal, author, sent_at, reply_to, state = 'there' as there, edited_at, body
         from messages order by cast(conversation_id[3:] as int), seq`,
    );
    expect(expected.length).toBeGreaterThan(300);
    expect(found.filter((row) => !erased.has(row.conversation_id as string))).toEqual(
      expected.map(({ there, ...row }) =>
        there ? { ...row, there } : { ...row, there, body: null, edited_at: null },
      ),
    );
  });

  it('has who is a member, and as what', async () => {
    const expected = folded.flatMap(({ conversationId, members }) =>
      [...members].map(([member, { role }]) => ({ conversation_id: conversationId, member, role })),
    );
    const found = await rows('select conversation_id, member, role from members where left_at is null');
    const order = (one: object) => JSON.stringify(one);
    expect(found.length).toBeGreaterThan(300);
    expect(found.map(order).toSorted()).toEqual(expected.map(order).toSorted());
  });

  it('has the reactions that are left on messages that are there', async () => {
    const now = Date.now();
    const expected = folded.flatMap(({ conversationId, timeline }) =>
      [...timeline]
        .filter(({ expiresAt }) => (expiresAt ?? Number.POSITIVE_INFINITY) > now)
        .flatMap(({ seq, reactions }) =>
          [...(reactions ?? [])].flatMap(([emoji, users]) =>
            [...users].map((member) => ({ conversation_id: conversationId, seq, member, emoji })),
          ),
        ),
    );
    const found = await rows('select conversation_id, seq, member, emoji from reactions');
    const order = (one: object) => JSON.stringify(one);
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.map(order).toSorted()).toEqual(expected.map(order).toSorted());
  });

  it('has every conversation, and what it is', async () => {
    const expected = folded.map(({ conversationId, kind, closed, erasedAt, revision }) => ({
      conversation_id: conversationId,
      kind: erasedAt === null ? kind : 'erased',
      state: erasedAt !== null ? 'erased' : closed ? 'closed' : 'open',
      last_seq: revision,
    }));
    const found = await rows(
      `select conversation_id, if(state = 'erased', state, kind) as kind, state, last_seq
         from conversations order by cast(conversation_id[3:] as int)`,
    );
    expect(found).toEqual(expected);
  });
});
