import 'reflect-metadata';
import { migrate } from '@parley/infra/read-model/migrate';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAs, called, doAs } from '../testing/calling.js';
import { type RunningApi, startTestApi } from '../testing/running-api.js';

const MANY = 300;

let environment: TestEnvironment;
let api: RunningApi;
let pool: pg.Pool;

beforeAll(async () => {
  environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  pool = new pg.Pool({ connectionString: environment.databaseUrl, max: 2 });
  pool.on('connect', (connection) => connection.on('error', () => undefined));
  api = await startTestApi(environment);
});
afterAll(async () => {
  await api?.stop();
  await pool?.end();
  await environment?.dispose();
});

const get = (user: string, path: string) => askAs([user, 'phone'], 'GET', `${api.url}${path}`);

describe('the call that goes on', () => {
  it('is told to members as the log is now, and to nobody else', async () => {
    const { conversationId, path, call } = await called(api.url);
    const now = `/v1/conversations/${conversationId}/call`;
    await doAs(['bob', 'laptop'], 'POST', `${api.url}${path}/${call}/participants`);
    expect(await get('bob', now)).toMatchObject({
      status: 200,
      json: {
        revision: 3,
        call: {
          call,
          by: 'ann',
          media: 'voice',
          topology: 'p2p',
          participants: [{ user: 'ann' }, { participant: 3, user: 'bob', device: 'laptop' }],
          muted: [],
          broadcast: null,
        },
      },
    });
    expect(await get('eve', now)).toMatchObject({ status: 403, json: { tag: 'NotAMember' } });
    await doAs(['ann', 'phone'], 'DELETE', `${api.url}${path}/${call}`);
    expect((await get('bob', now)).json).toEqual({ revision: 4 });
  });
});

describe('the calls of a conversation', () => {
  let conversationId: string;
  const list = (user: string, query = '') => get(user, `/v1/conversations/${conversationId}/calls${query}`);
  const callsOf = async (query = '') =>
    (await list('bob', query)).json.calls as readonly Record<string, unknown>[];
  const stay = (
    seq: number,
    call: number,
    user: string,
    device: string,
    left: number | null,
    why: string | null,
  ) =>
    pool.query('insert into rm_1.call_stay values ($1, $2, $3, $4, $5, $6, $7, $8)', [
      conversationId,
      seq,
      call,
      user,
      device,
      seq,
      left,
      why,
    ]);

  beforeAll(async () => {
    ({ conversationId } = await called(api.url));
    await pool.query(
      `insert into rm_1.conversation (conversation_id, revision, last_activity_at) values ($1, 40, 1)`,
      [conversationId],
    );
    for (const [call, endedAt] of [
      [2, 5],
      [10, 20],
      [30, null],
    ])
      await pool.query(`insert into rm_1.call values ($1, $2, 'video', 'ann', $2, $3)`, [
        conversationId,
        call,
        endedAt,
      ]);
    await stay(2, 2, 'ann', 'phone', 5, null);
    await stay(10, 10, 'ann', 'phone', 20, null);
    await stay(11, 10, 'bob', 'phone', 12, 'lost');
    await stay(13, 10, 'ann', 'laptop', 20, null);
    await stay(14, 10, 'bob', 'phone', 15, 'left');
    await stay(30, 30, 'ann', 'phone', null, null);
  });

  it('come newest first, with who was in them from when to when, and whether I was', async () => {
    expect((await list('bob')).json).toEqual({
      revision: 40,
      hasMore: false,
      calls: [
        {
          call: 30,
          media: 'video',
          by: 'ann',
          at: 30,
          joined: false,
          people: 1,
          participants: [{ user: 'ann', device: 'phone', joinedAt: 30 }],
        },
        {
          call: 10,
          media: 'video',
          by: 'ann',
          at: 10,
          endedAt: 20,
          joined: true,
          people: 2,
          participants: [
            { user: 'ann', device: 'phone', joinedAt: 10, leftAt: 20 },
            { user: 'ann', device: 'laptop', joinedAt: 13, leftAt: 20 },
            { user: 'bob', device: 'phone', joinedAt: 11, leftAt: 12, why: 'lost' },
            { user: 'bob', device: 'phone', joinedAt: 14, leftAt: 15, why: 'left' },
          ],
        },
        expect.objectContaining({ call: 2, endedAt: 5, joined: false, people: 1 }),
      ],
    });
    expect(await list('eve')).toMatchObject({ status: 403, json: { tag: 'NotAMember' } });
  });

  it('come in pages, and between two events', async () => {
    const numbers = async (query: string) => (await callsOf(query)).map(({ call }) => call);
    expect((await list('bob', '?limit=2')).json).toMatchObject({
      hasMore: true,
      calls: [{ call: 30 }, { call: 10 }],
    });
    expect(await numbers('?before=10')).toEqual([2]);
    expect(await numbers('?after=2&before=30')).toEqual([10]);
    expect(await numbers('?after=30')).toEqual([]);
    expect((await list('bob', '?after=30')).json).toMatchObject({ revision: 40 });
    expect(await list('bob', '?limit=101')).toMatchObject({ status: 422, json: { tag: 'InvalidParams' } });
  });

  it('tell some of who was in a large one, and count them all', async () => {
    await pool.query(`insert into rm_1.call values ($1, 1000, 'voice', 'ann', 1, 2)`, [conversationId]);
    await pool.query(
      `insert into rm_1.call_stay select $1, 1000 + n, 1000, 'u' || (n % 150), 'd', n, n + 1, 'left' from generate_series(1, $2::int) n`,
      [conversationId, MANY],
    );
    const [large] = await callsOf('?after=999');
    expect(large).toMatchObject({ people: 150, joined: false });
    const participants = large?.participants as readonly { readonly user: string }[];
    expect(new Set(participants.map(({ user }) => user)).size).toBe(50);
    expect(participants).toHaveLength(100);
  });

  it('are none that is not told truly: while an older read model is served they are unavailable', async () => {
    await pool.query('update parley.version set model = 2');
    await waitFor(async () => (await list('bob')).status === 503, { what: 'the older model to be seen' });
    expect((await list('bob')).json).toMatchObject({ tag: 'Unavailable', retryable: true });
    await pool.query('update parley.version set model = 3');
    await waitFor(async () => (await list('bob')).status === 200, { what: 'the newer model to be seen' });
  });
});
