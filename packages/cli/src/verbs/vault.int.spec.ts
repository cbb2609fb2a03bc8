import { randomBytes } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { masterKeysOf } from '@parley/infra/vault/master-keys';
import { openVault } from '@parley/infra/vault/open-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
let nats: NatsConnection;
const [older, newer, stranger] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const textOf = (...keys: readonly Buffer[]): string => keys.map((key) => key.toString('base64url')).join(',');
const idOf = (key: Buffer): string => masterKeysOf([key]).newest.id;

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
});
afterAll(async () => {
  await nats?.close();
  await environment?.dispose();
});

const vault = (verb: string, keys: string, ...flags: readonly string[]) =>
  runCli(['vault', verb, ...flags], { NATS_URL: environment.natsUrl, PARLEY_MASTER_KEYS: keys });

describe('vault', () => {
  it('says that there is none', async () => {
    expect(await vault('status', textOf(older))).toMatchObject({
      code: exitCodes.noInput,
      err: expect.stringContaining('has no log of Parley'),
    });
  });

  it('moves from one master key to the next, and says what is where', async () => {
    await ensureTopology(nats, { partitions: 1, replicas: 1 });
    const sealing = await openVault({ nats, masterKeys: [older] });
    const end = Math.floor(Date.now() / 60_000) * 60;
    await sealing.seal({ conversationId: 'c', seq: 1, author: 'ann' }, `t60-${end}`, '{}');
    await sealing.close();

    const before = await vault('status', '', '--json');
    expect(before).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(before.out)).toEqual({
      masterKeys: [{ id: idOf(older), state: 'in use', secrets: 3 }],
      secrets: { bucket: 1, conversation: 1, author: 1, held: 0 },
      destroyed: { bucket: 0, conversation: 0, author: 0, held: 0 },
      overdue: { buckets: 1, since: end * 1_000 },
      superseded: 0,
    });

    const without = await vault('rewrap', textOf(newer));
    expect(without).toMatchObject({ code: exitCodes.config, out: '' });
    expect(without.err).toContain(`in use with the master key ${idOf(older)}`);
    const notLost = await vault('rewrap', textOf(older), '--lost-key', idOf(older));
    expect(notLost).toMatchObject({ code: exitCodes.usage, err: expect.stringContaining('is not lost') });
    const short = await vault('rewrap', `${textOf(newer)},c2hvcnQ`);
    expect(short).toMatchObject({ code: exitCodes.config, out: '' });
    expect(short.err).toContain('number 2 of 2 has 5 bytes instead of at least 32');

    const done = await vault('rewrap', textOf(newer, older));
    expect(done).toMatchObject({ code: 0, out: `3 secrets wrapped again; ${idOf(older)} retired\n` });
    const again = await vault('rewrap', textOf(newer), '--json');
    expect(JSON.parse(again.out)).toEqual({ wrapped: 0, replaced: 0, unreadable: [], retired: [] });
    const { out } = await vault('status', textOf(stranger));
    expect(out).toMatch(new RegExp(`${idOf(older)} .*retired .*0 `));
    expect(out).toMatch(new RegExp(`${idOf(newer)} .*in use .*3 `));
    expect(out).toMatch(/^buckets that are past and not destroyed yet: 1, the first since \d{4}-/m);
  });
});
