import { randomUUID } from 'node:crypto';
import { openSnapshots } from '@parley/infra/log/snapshots';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { openTurns } from '../conversations/turns.js';
import { accountFormat, openAccounts } from '../devices/accounts.js';
import { type AccountResources, handleAccountCommand } from '../devices/handle.js';
import { openLog, PARTITIONS } from '../testing/log-fixture.js';

let environment: TestEnvironment;
let log: Awaited<ReturnType<typeof openLog>>;
beforeAll(async () => {
  environment = await testEnvironment();
  log = await openLog(environment.natsUrl);
});
afterAll(async () => {
  await log?.close();
  await environment?.dispose();
});

afterEach(() => void vi.restoreAllMocks());

/** Accounts as one instance of command-api has them. */
async function instance(): Promise<AccountResources> {
  const { window, jsm } = await log.instance();
  const accounts = openAccounts({
    jsm,
    snapshots: await openSnapshots(log.nats, accountFormat),
    partitions: PARTITIONS,
    maxCached: 1_000_000,
    onUnreadable: () => undefined,
  });
  return { accounts, turns: openTurns(), window, jsm, heldWith: async () => [] };
}

async function register(resources: AccountResources, user: string, times: number): Promise<void> {
  for (let n = 1; n <= times; n++) {
    const data = { commandId: randomUUID(), keys: randomUUID() };
    const command = { type: 'device.register', data, user, by: 'phone', at: n } as const;
    expect(isRight(await handleAccountCommand(resources, command))).toBe(true);
  }
}

it('has the same state of many as of each, of whoever has nothing, one event, several, or a snapshot', async () => {
  const writer = await instance();
  const [none, one, few, many] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const users = [none, one, few, many];
  await register(writer, one, 1);
  await register(writer, few, 3);
  await register(writer, many, 60);
  const snapshots = await openSnapshots(log.nats, accountFormat);
  await waitFor(() => snapshots.read(many), { what: 'a snapshot' });

  const { accounts } = await instance();
  const states = async () =>
    (await Promise.all(accounts.freshEach(users))).map(({ state, streamSeq }) => ({ state, streamSeq }));
  const asWritten = async () =>
    Promise.all(
      users.map(async (user) => {
        const { state, streamSeq } = await writer.accounts.fresh(user);
        return { state, streamSeq };
      }),
    );
  expect(await states()).toEqual(await asWritten());

  for (const user of users) await register(writer, user, 1);
  expect(await states()).toEqual(await asWritten());
  expect((await states()).map(({ state }) => state.revision)).toEqual([1, 2, 4, 61]);
});

it('asks the log once where it has one event more than is known', async () => {
  const [writer, reader] = [await instance(), await instance()];
  const user = randomUUID();
  await register(writer, user, 2);
  await reader.accounts.fresh(user);
  await register(writer, user, 1);
  const asked: string[] = [];
  const subscription = log.nats.subscribe('$JS.API.DIRECT.GET.>', {
    callback: (_, { subject, data }) => void asked.push(`${subject} ${Buffer.from(data)}`),
  });
  await log.nats.flush();
  expect((await reader.accounts.fresh(user)).state.revision).toBe(3);
  await log.nats.flush();
  expect(asked).toHaveLength(1);
  subscription.unsubscribe();
});

it('looks again at what is older than it may be, also where the clock of its machine was set back', async () => {
  const [writer, reader] = [await instance(), await instance()];
  const user = randomUUID();
  await register(writer, user, 1);
  await reader.accounts.fresh(user);
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
  await register(writer, user, 1);
  await waitFor(async () => (await reader.accounts.recent(user, 50)).state.revision === 2, {
    what: 'the second device',
  });
});

it('remembers only as many states as may weigh together', async () => {
  const writer = await instance();
  const user = randomUUID();
  await register(writer, user, 1);
  const { jsm } = writer;
  const small = openAccounts({
    jsm,
    snapshots: await openSnapshots(log.nats, accountFormat),
    partitions: PARTITIONS,
    maxCached: 1_500,
    onUnreadable: () => undefined,
  });
  const first = await small.known(user);
  expect(await small.known(user)).toBe(first);
  await small.known(randomUUID());
  expect(await small.known(user)).not.toBe(first);
  expect((await small.known(user)).state).toEqual(first.state);
});
