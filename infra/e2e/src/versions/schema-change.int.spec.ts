import { jetstream } from '@nats-io/jetstream';
import { startTestApi, TOKEN_SECRET } from '@parley/command-api/testing/running-api';
import { migrate, migrateVersion } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { promoteVersion, rollbackVersion } from '@parley/infra/read-model/versions';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { SYSTEM_PARTITIONS, type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { rebuild } from '@parley/projector/rebuild/rebuild';
import { dropVersion } from '@parley/projector/versions/drop-version';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, apiAt, ask, talk } from './talking.js';

/** Ms for what takes a second or two on a machine that does nothing else. */
const PATIENCE = 30_000;

const CONVERSATIONS = Array.from({ length: 6 }, (_, index) => `room-${index}`);

/** A release whose rows count replies comes to a system whose rows do not, while people talk over old and new processes. */
describe('a change of what rows mean', { timeout: 240_000 }, () => {
  let environment: TestEnvironment;
  let pool: pg.Pool;
  let system: SystemProcesses;
  let redis: Redis;
  let older: Awaited<ReturnType<typeof startTestApi>>;
  let [old, young] = [{} as Api, {} as Api];

  beforeAll(async () => {
    environment = await testEnvironment();
    pool = new pg.Pool({ connectionString: environment.databaseUrl, max: 6 });
    pool.on('connect', (connection) => connection.on('error', () => undefined));
    redis = new Redis(environment.redisUrl);
    await migrate(environment.databaseUrl);
    await pool.query('drop schema rm_1 cascade');
    await pool.query('update parley.version set model = 1');
    await migrateVersion(environment.databaseUrl, 1, 1);
    const unlimited = { PARLEY_LIMIT_COMMANDS: '0', PARLEY_LIMIT_QUERIES: '0' };
    const settings = { ...unlimited, PARLEY_TOKEN_SECRET: TOKEN_SECRET.toString('base64url') };
    system = await startSystem(environment, ['gateway'], Buffer.alloc(32, 5), settings);
    older = await startTestApi(environment, undefined, (model): model is 1 => model === 1);
    [old, young] = [await apiAt(older.url, TOKEN_SECRET), await apiAt(system.api, TOKEN_SECRET)];
    for (const conversationId of CONVERSATIONS) {
      const made = { conversationId, kind: 'group', members: ['ben'] };
      expect(await ask(young, 'POST', '/conversations', made)).toMatchObject({ status: 200 });
    }
  });
  afterAll(async () => {
    redis?.disconnect();
    await older?.stop();
    await system?.stop();
    await pool?.end();
    await environment?.dispose();
  });

  const messagesAt = async (api: Api, id = 'room-0') =>
    (await ask(api, 'GET', `/conversations/${id}/messages`)).json.messages as { replies?: number }[];
  const tellsReplies = async (api: Api) => (await messagesAt(api)).some(({ replies }) => (replies ?? 0) > 0);

  /** Whichever version is served and whoever has its shares: what is due gets its tombstone. */
  async function expires(schema: string): Promise<void> {
    const body = { body: { kind: 'text', text: 'soon gone' }, ttl: 5 };
    const sent = await ask(young, 'POST', '/conversations/room-0/messages', body);
    expect(sent).toMatchObject({ status: 200 });
    const gone = `select from ${schema}.message where conversation_id = 'room-0' and seq = $1 and expired`;
    await waitFor(async () => (await pool.query(gone, [sent.json.seq])).rowCount === 1, {
      timeout: PATIENCE,
      what: `the tombstone in ${schema}`,
    });
  }

  it('is built, served, taken back and served again while everybody talks, and no request fails', async () => {
    const talking = talk(CONVERSATIONS, [old, young]);
    await waitFor(() => talking.answered > 300, { timeout: PATIENCE, what: 'something to build of' });

    const nats = await connectNats(environment.natsUrl, 'schema-change');
    const js = jetstream(nats);
    const built = await rebuild(
      {
        database: pool,
        databaseUrl: environment.databaseUrl,
        js,
        jsm: await js.jetstreamManager(false),
        partitions: SYSTEM_PARTITIONS,
        atOnce: 2,
        onReport: () => undefined,
      },
      new AbortController().signal,
    );
    expect(built).toMatchObject({ version: 2, model: NEWEST_MODEL });
    expect(await tellsReplies(young)).toBe(false);
    const second = await system.add('projector');

    await promoteVersion(pool, 2, { unverified: true });
    await waitFor(() => tellsReplies(young), { timeout: PATIENCE, what: 'the switch to be seen' });
    expect(await tellsReplies(old)).toBe(false);
    await waitFor(async () => (await redis.keys('page:rm_2:*')).length > 0, {
      timeout: PATIENCE,
      what: 'pages of the version that is served now',
    });
    await expires('rm_2');

    expect(await rollbackVersion(pool)).toBe(1);
    await waitFor(async () => !(await tellsReplies(young)), {
      timeout: PATIENCE,
      what: 'the way back to be seen',
    });
    await expires('rm_1');

    await system.services.get('projector')?.[0]?.end('SIGKILL');
    await promoteVersion(pool, 2, { unverified: true });
    await waitFor(() => tellsReplies(young), { timeout: PATIENCE, what: 'the second switch to be seen' });
    await expires('rm_2');

    // The older release is gone before what it reads is.
    talking.moveTo([young]);
    talking.listen();
    await waitFor(sameAtTheEnd, { timeout: PATIENCE, what: 'both versions to be the same' });
    expect(await wrongReplies()).toEqual([]);

    await dropVersion(
      { database: pool, databaseUrl: environment.databaseUrl, redis, onWait: () => undefined },
      1,
    );
    expect(await redis.keys('*:rm_1:*')).toEqual([]);
    const before = talking.answered;
    await waitFor(() => talking.answered > before + 100, { timeout: PATIENCE, what: 'reads after the drop' });
    await talking.stop();
    await nats.close();
    await second.end();
    expect(talking.failures).toEqual([]);
  });

  /** Whether both versions have the same rows in the columns that both have. */
  async function sameAtTheEnd(): Promise<boolean> {
    for (const table of ['conversation', 'member', 'message', 'reaction', 'receipt', 'pin']) {
      const { rows } = await pool.query<{ columns: string }>(
        `select string_agg(quote_ident(column_name), ', ' order by column_name) as columns
         from information_schema.columns where table_schema = 'rm_1' and table_name = $1 and column_name <> 'marked'`,
        [table],
      );
      const hash = (schema: string) =>
        `(select coalesce(sum(hashtextextended((select row(${rows[0]?.columns}))::text, 0)), 0) from ${schema}.${table})`;
      const compared = await pool.query<{ same: boolean }>(
        `select ${hash('rm_1')} = ${hash('rm_2')} as same`,
      );
      if (compared.rows[0]?.same !== true) return false;
    }
    return true;
  }

  async function wrongReplies(): Promise<readonly unknown[]> {
    const { rows } = await pool.query(
      `select conversation_id, seq, replies, counted.count from rm_2.message m cross join lateral (
         select count(*)::int from rm_2.message r where r.conversation_id = m.conversation_id and r.reply_to = m.seq
           and not r.expired and r.deleted_at is null) counted
       where replies <> counted.count`,
    );
    return rows;
  }
});
