import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import type { ReadModel, ServedVersion } from '@parley/infra/read-model/served-version';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { QueryBus } from '@nestjs/cqrs';
import { ApiModule, type ApiResources } from '@parley/command-api/api-module';
import { MessageList } from '@parley/command-api/queries/message-list';
import type { Queryable } from '@parley/command-api/read/queryable';
import { readTimeline } from '@parley/command-api/read/timeline';
import { timelineCursor } from '@parley/domain/wire/cursor';
import { migrate } from '@parley/infra/read-model/migrate';
import { isLeft } from 'fp-ts/lib/Either.js';
import pg from 'pg';
import { type Case, type Figure, median } from '../case.js';
import { opensPlain } from '../chain/bench-vault.js';
import { inTurn } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const CONVERSATION = 'bench-long';
const READER = 'reader';
const LIMIT = 50;

/** Pages through the QueryBus against the same statement by pg alone, at both ends of a long conversation. */
export const timeline: Case = {
  name: 'timeline',
  about:
    'message.list of 50 through the QueryBus against the same SQL by pg alone, 1,000,000 messages in one conversation',
  async run({ quick, say }) {
    const messages = quick ? 100_000 : 1_000_000;
    const pages = quick ? 500 : 3_000;
    return withStack(false, async (stack) => {
      say(`filling ${messages.toLocaleString('en')} messages`);
      await migrate(stack.database);
      const pool = new pg.Pool({ connectionString: stack.database, max: 4 });
      await fill(pool, messages);
      const figures = await measure(pool, messages, pages, quick ? 3 : 5);
      await pool.end();
      return figures;
    });
  },
};

async function fill(pool: pg.Pool, messages: number): Promise<void> {
  await pool.query(
    `insert into rm_1.conversation (conversation_id, kind, revision, messages, last_activity_at, member_count)
     values ($1, 'group', $2 + 1, $2, 0, 2)`,
    [CONVERSATION, messages],
  );
  await pool.query(
    `insert into rm_1.member (conversation_id, user_id, role, since, ban_hash) values ($1, $2, 'owner', 1, 'h')`,
    [CONVERSATION, READER],
  );
  await pool.query(
    `insert into rm_1.message (conversation_id, seq, ordinal, author, at, body)
     select $1, n + 1, n, 'author' || n % 50, n, 'p0.{"kind":"text","text":"' || repeat('x', 200) || '"}'
     from generate_series(1, $2::int) n`,
    [CONVERSATION, messages],
  );
  await pool.query('vacuum analyze rm_1.message');
}

const MODEL: ReadModel = { schema: 'rm_1', model: NEWEST_MODEL };

const alwaysServed: ServedVersion = {
  current: async () => MODEL,
  read: (run) => run(MODEL),
  close: () => undefined,
};

type Read = (before: number) => Promise<unknown>;

async function measure(
  pool: pg.Pool,
  messages: number,
  pages: number,
  rounds: number,
): Promise<readonly Figure[]> {
  const app = await NestFactory.createApplicationContext(
    ApiModule.with({
      commands: {} as ApiResources['commands'],
      devices: {} as ApiResources['devices'],
      receipts: {} as ApiResources['receipts'],
      // A page with a cursor needs nothing but Postgres, and a vault, which opens these bodies without asking.
      reads: {
        database: pool as Queryable,
        served: alwaysServed,
        now: Date.now,
        store: { peek: () => undefined } as unknown as ApiResources['reads']['store'],
        vault: opensPlain,
      } as ApiResources['reads'],
    }),
    { logger: false },
  );
  const bus = app.get(QueryBus);
  const ours: Read = async (before) => {
    const page = await bus.execute(
      new MessageList(READER, {
        conversationId: CONVERSATION,
        limit: LIMIT,
        before: timelineCursor(CONVERSATION, before),
      }),
    );
    if (isLeft(page) || page.right.messages.length !== LIMIT) throw new Error('not a page');
  };
  const raw = await rawRead(pool);

  // Near the beginning and near the end, each at different places.
  const early = (n: number): number => 60 + ((n * 7_919) % 1_000);
  const late = (n: number): number => messages - ((n * 7_919) % 1_000);
  const reads = [(n: number) => ours(late(n)), (n: number) => raw(late(n)), (n: number) => ours(early(n))];
  await inTurn(reads, 300);
  const results: { ours: number; raw: number; early: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const [oursLate = 0, rawLate = 0, oursEarly = 0] = (await inTurn(reads, pages)).map((each) =>
      each.at(99),
    );
    results.push({ ours: oursLate, raw: rawLate, early: oursEarly });
  }
  await app.close();
  const ratio = median(results.map((result) => result.ours / result.raw));
  const flat = median(results.map((result) => result.ours / result.early));
  return [
    {
      name: 'message.list of 50, p99',
      unit: 'ms',
      ours: median(results.map((result) => result.ours)),
      ceiling: median(results.map((result) => result.raw)),
      ratio,
      target: '<= 2.0',
      met: ratio <= 2,
      note: `${rounds} rounds of ${pages} pages, one at a time`,
    },
    {
      name: `p99 at message ${messages.toLocaleString('en')} against message 50`,
      unit: 'ms',
      ours: median(results.map((result) => result.ours)),
      ceiling: median(results.map((result) => result.early)),
      ratio: flat,
      target: '<= 1.3 (flat)',
      met: flat <= 1.3,
    },
  ];
}

/** The statement our reader sends, sent by pg alone. */
async function rawRead(pool: pg.Pool): Promise<Read> {
  let seen: { statement: pg.QueryArrayConfig; values: unknown[] } | undefined;
  const spy = {
    query: (statement: pg.QueryArrayConfig & { values: unknown[] }) => {
      seen ??= { statement, values: statement.values };
      return pool.query(statement);
    },
  } as unknown as Queryable;
  await readTimeline(spy, {
    ...MODEL,
    conversationId: CONVERSATION,
    reader: READER,
    limit: LIMIT,
    before: 1_000,
    now: Date.now(),
  });
  const { statement, values } = seen as NonNullable<typeof seen>;
  return (before) =>
    pool.query({ ...statement, values: [values[0], values[1], before, values[3]] } as pg.QueryArrayConfig);
}
