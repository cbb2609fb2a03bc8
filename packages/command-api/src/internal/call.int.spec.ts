import 'reflect-metadata';
import { migrate } from '@parley/infra/read-model/migrate';
import { openRpcClient, type RpcClient } from '@parley/infra/rpc/client';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { type InCall, openRosters, type Rosters } from '@parley/infra/voice/roster';
import * as E from 'fp-ts/lib/Either.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { called, doAs } from '../testing/calling.js';
import { type RunningApi, startTestApi } from '../testing/running-api.js';

let environment: TestEnvironment;
let api: RunningApi;
let other: RunningApi;
let rpc: RpcClient;
let rosters: Rosters;
let disconnect: () => Promise<void>;

beforeAll(async () => {
  environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  [api, other] = await Promise.all([startTestApi(environment), startTestApi(environment)]);
  const nats = await connectNats(environment.natsUrl, 'test');
  disconnect = () => nats.close();
  rpc = openRpcClient({ nats, partitions: 4 });
  rosters = openRosters(rpc.call, 4, 'gateway');
});
afterAll(async () => {
  rpc?.close();
  await disconnect?.();
  await Promise.all([api?.stop(), other?.stop()]);
  await environment?.dispose();
});

/** Does something as a device of somebody, by this command-api or the other one. */
const ask = (user: string, device: string, verb: string, path: string, body: object = {}, at = api) =>
  doAs([user, device], verb, at.url + path, body);

const rosterOf = async (conversationId: string) => {
  const roster = await rosters.of(conversationId);
  if (E.isLeft(roster)) throw new Error(JSON.stringify(roster.left));
  return roster.right;
};

describe('who is in a call', () => {
  it('is known by device, as the log is now, with who leads and how media goes', async () => {
    const { conversationId, path, call } = await called(api.url);
    expect(await rosterOf(conversationId)).toMatchObject({
      revision: 2,
      kind: 'group',
      leads: ['ann'],
      call: {
        call,
        p2pMax: 4,
        topology: 'p2p',
        participants: [{ participant: 2, user: 'ann', device: 'phone' }],
      },
    });
    // By another instance than the one that is asked.
    await ask('bob', 'laptop', 'POST', `${path}/${call}/participants`, {}, other);
    await ask('bob', 'phone', 'POST', `${path}/${call}/participants`, {});
    const after = await rosterOf(conversationId);
    expect(after.leads).toEqual(['ann']);
    expect(after.call?.participants).toMatchObject([
      { participant: 2, user: 'ann', device: 'phone' },
      { participant: 3, user: 'bob', device: 'laptop' },
      { participant: 4, user: 'bob', device: 'phone' },
    ]);
    await ask('ann', 'phone', 'POST', `/v1/conversations/${conversationId}/members/remove`, {
      users: ['bob'],
    });
    expect((await rosterOf(conversationId)).call?.participants).toHaveLength(1);
  });

  it('is nobody where nobody talks, and where there is no conversation', async () => {
    const { conversationId, path, call } = await called(api.url);
    await ask('ann', 'phone', 'DELETE', `${path}/${call}`);
    expect(await rosterOf(conversationId)).toEqual({ revision: 3, kind: 'group', leads: [] });
    expect(await rosterOf('nowhere')).toEqual({ revision: 0, leads: [] });
  });

  it('is asked for many conversations at once', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => called(api.url)));
    const found = await Promise.all(many.map(({ conversationId }) => rosterOf(conversationId)));
    expect(found.map(({ call }) => call?.participants.length)).toEqual(many.map(() => 1));
  });
});

describe('everybody who is in a call', () => {
  it('is told page by page, as the rows have it', async () => {
    const client = new pg.Client({ connectionString: environment.databaseUrl });
    await client.connect();
    await client.query(`
      insert into rm_1.call values ('m-1', 2, 'voice', 'ann', 1, 9), ('m-2', 2, 'voice', 'ann', 1, null), ('m-3', 7, 'voice', 'ann', 1, null)`);
    await client.query(`
      insert into rm_1.call_stay
      select c.id, n, c.call, 'u' || n, 'd', 1, case when c.call = 2 and n % 10 = 0 then 5 end, null
      from (values ('m-1', 2), ('m-2', 2), ('m-3', 7)) c (id, call), generate_series(2, 1200) n`);
    await client.end();
    const stays = Array.from({ length: 1_199 }, (_, index) => index + 2);
    const all = [
      ...stays
        .filter((seq) => seq % 10 !== 0)
        .map((participant) => ({ conversationId: 'm-2', call: 2, participant })),
      ...stays.map((participant) => ({ conversationId: 'm-3', call: 7, participant })),
    ];
    const told: InCall[] = [];
    let page: Awaited<ReturnType<Rosters['everybody']>>;
    do {
      page = await rosters.everybody(told.at(-1));
      if (E.isLeft(page)) throw new Error(JSON.stringify(page.left));
      told.push(...page.right.participants);
    } while (page.right.hasMore);
    expect(told).toEqual(all);
  });
});

describe('a participant whom nobody hears of', () => {
  it('is taken out once, by as many as notice it', async () => {
    const { conversationId, path, call } = await called(api.url);
    const participant = await ask('bob', 'laptop', 'POST', `${path}/${call}/participants`);
    const lost = { conversationId, call, participant };
    const answers = await Promise.all([rosters.lost(lost), rosters.lost(lost), rosters.lost(lost)]);
    expect(answers).toEqual([E.right({}), E.right({}), E.right({})]);
    expect(await rosters.lost(lost)).toEqual(E.right({}));
    const after = await rosterOf(conversationId);
    expect(after).toMatchObject({ revision: 4, call: { participants: [{ user: 'ann' }] } });
  });

  it('that is gone already, with call or conversation, is no trouble', async () => {
    const { conversationId, path, call } = await called(api.url);
    const lost = { conversationId, call, participant: call };
    expect(await rosters.lost({ ...lost, participant: 99 })).toEqual(E.right({}));
    await ask('ann', 'phone', 'DELETE', `${path}/${call}`);
    expect(await rosters.lost(lost)).toEqual(E.right({}));
    await ask('ann', 'phone', 'POST', `/v1/conversations/${conversationId}/close`);
    expect(await rosters.lost(lost)).toEqual(E.right({}));
    expect(await rosters.lost({ ...lost, conversationId: 'nowhere' })).toEqual(E.right({}));
    expect((await rosterOf(conversationId)).revision).toBe(4);
  });
});
