import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { createLog } from '@parley/infra/runtime/log';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAccountChanges } from './account-changes.js';
import { readConversations } from './conversations.js';
import type { Queryable } from './queryable.js';
import { model, openReadFixture, type ReadFixture, schema } from './read-fixture.js';
import { readTimeline } from './timeline.js';
import { readUnread } from './unread.js';

const MESSAGES = 5_000;

describe('a statement over tables that were never analysed', { timeout: 60_000 }, () => {
  let fixture: ReadFixture;
  let pool: pg.Pool;

  beforeAll(async () => {
    fixture = await openReadFixture();
    pool = connectPostgres(fixture.environment.databaseUrl, {
      name: 'plans',
      log: createLog('plans', 'silent'),
      readsByKey: true,
      max: 1,
    });
    await fixture.pool.query('alter table rm_1.message set (autovacuum_enabled = false)');
    await fixture.conversation('long', ['ann'], [], 1_000);
    await fixture.pool.query(
      `insert into rm_1.message (conversation_id, seq, ordinal, author, at, body)
       select 'long', n + 1, n, 'ben', n, 'p0.{"kind":"text","text":"x"}' from generate_series(1, $1::int) n`,
      [MESSAGES],
    );
    await fixture.conversation('brief', ['cem'], []);
    await fixture.conversation('mixed', ['dan'], []);
    await fixture.pool.query(
      `insert into rm_1.message (conversation_id, seq, ordinal, author, at, expires_at, expired)
       select id, n + 1, n, 'ben', n, case when id = 'brief' then 9 end, case id when 'brief' then n <= $1::int - 3 else n > 1 and n <= $1::int - 3 end
       from generate_series(1, $1::int) n, unnest(array['brief', 'mixed']) id`,
      [MESSAGES],
    );
    await fixture.pool.query(
      `update rm_1.conversation set messages = ${MESSAGES}, revision = ${MESSAGES + 1}`,
    );
  });
  afterAll(async () => {
    await pool?.end();
    await fixture?.close();
  });

  /** Rows of messages that a read looked at, the most in one step of its plan. */
  async function looked(read: (db: Queryable) => Promise<unknown>): Promise<number> {
    let most = 0;
    const explaining = {
      query: async (statement: pg.QueryArrayConfig & { values: unknown[] }) => {
        const { rows } = await pool.query<{ 'QUERY PLAN': string }>(
          `explain (analyze, timing off) ${statement.text}`,
          statement.values,
        );
        for (const { 'QUERY PLAN': line } of rows) {
          const actual = /on message.*\(actual rows=(\d+)|Rows Removed by Filter: (\d+)/.exec(line);
          most = Math.max(most, Number(actual?.[1] ?? actual?.[2] ?? 0));
        }
        return pool.query(statement);
      },
    };
    await read(explaining as unknown as Queryable);
    return most;
  }

  const reader = 'ann';
  const account = { ...model, reader, limit: 50, now: 0 };

  it.each([
    ['a page', (db: Queryable) => readTimeline(db, { ...account, conversationId: 'long' })],
    ['an early page', (db: Queryable) => readTimeline(db, { ...account, conversationId: 'long', after: 60 })],
    [
      'a page around a message',
      (db: Queryable) => readTimeline(db, { ...account, conversationId: 'long', around: 2_500 }),
    ],
    ['the list of conversations', (db: Queryable) => readConversations(db, account)],
    ['what changed', (db: Queryable) => readAccountChanges(db, { ...account, since: undefined })],
    [
      'unread messages',
      (db: Queryable) =>
        readUnread(db, { schema, now: 0, readers: [{ conversationId: 'long', user: 'ann', read: 9 }] }),
    ],
  ])('reads %s without reading the conversation', async (_, read) => {
    const most = await looked(read);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(51);
  });

  const unread = (conversationId: string, user: string) => (db: Queryable) =>
    readUnread(db, { schema, now: 0, readers: [{ conversationId, user, read: 0 }] });

  it.each([
    ['', async () => undefined],
    // Tombstones have lives, and what has no tombstone has: so many look due to the statistics of both.
    [', with statistics', () => fixture.pool.query('analyze rm_1.message')],
  ])('counts what is unread without looking at all that has expired before it%s', async (_, prepare) => {
    await prepare();
    expect(await looked(unread('brief', 'cem'))).toBeLessThanOrEqual(3);
    expect(await unread('brief', 'cem')(pool)).toMatchObject([{ unread: 3 }]);
  });

  it('counts what is there where too much has expired after something that has not', async () => {
    expect(await looked(unread('mixed', 'dan'))).toBeLessThanOrEqual(1_000);
    expect(await unread('mixed', 'dan')(pool)).toMatchObject([{ unread: 4 }]);
  });
});
