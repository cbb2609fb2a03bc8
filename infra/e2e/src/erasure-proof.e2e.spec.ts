import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Signed } from '@parley/infra/erasure/proof/certificate';
import type { ErasureReport } from '@parley/infra/erasure/proof/verify';
import { askApi } from '@parley/infra/testing/ask-api';
import { startCli } from '@parley/infra/testing/cli-process';
import { TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { ownServers } from '@parley/infra/testing/own-servers';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import type { TestEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Exit codes, as the README has them. */
const BAD_DATA = 65;
const CANNOT_WRITE = 73;
const CONFIG = 78;

let environment: TestEnvironment;
let system: SystemProcesses;
let home: string;
beforeAll(async () => {
  environment = await ownServers();
  system = await startSystem(environment);
  home = await mkdtemp(join(tmpdir(), 'parley-proof-'));
});
afterAll(async () => {
  await system?.stop();
  await environment?.dispose();
  await rm(home, { recursive: true });
});

async function ask(verb: string, path: string, body: unknown = {}): Promise<void> {
  const { status, json } = await askApi(system, verb, path, { body });
  expect(status, JSON.stringify(json)).toBeLessThan(300);
}

async function group(): Promise<string> {
  const conversationId = randomUUID();
  await ask('POST', '/v1/conversations', { conversationId, kind: 'group', members: ['ben'] });
  return conversationId;
}

const send = (conversationId: string, text: string, ttl?: number) =>
  ask('POST', `/v1/conversations/${conversationId}/messages`, {
    body: { kind: 'text', text },
    ...(ttl === undefined ? {} : { ttl }),
  });

async function query(text: string, values: readonly unknown[] = []) {
  const database = new pg.Client({ connectionString: environment.databaseUrl });
  await database.connect();
  try {
    return await database.query(text, [...values]);
  } finally {
    await database.end();
  }
}

/** Whether there is a row of a message, of which this is true. */
const hasRow = async (conversationId: string, seq: number, that = 'true'): Promise<boolean> => {
  const found = await query(`select from rm_1.message where conversation_id = $1 and seq = $2 and ${that}`, [
    conversationId,
    seq,
  ]);
  return found.rowCount === 1;
};

/** `parley erasure verify`, of this environment's servers and their files. */
async function verify(flags: readonly string[], masterKeys = TEST_MASTER_KEYS) {
  const directories = (['nats', 'postgres', 'redis'] as const).flatMap((name) => [
    `--${name}-dir`,
    join(environment.home, name),
  ]);
  const { output, ended } = startCli(['erasure', 'verify', '--json', ...directories, ...flags], {
    PARLEY_HOME: home,
    PARLEY_MASTER_KEYS: masterKeys,
    NATS_URL: environment.natsUrl,
    DATABASE_URL: environment.databaseUrl,
    REDIS_URL: environment.redisUrl,
  });
  const code = await ended;
  const report =
    code === 0 || code === 1 ? (JSON.parse(output.out) as Signed<ErasureReport>).certificate : undefined;
  return { code, report, ...output };
}

describe('erasure verify', () => {
  it('certifies that a message whose time is over can be read by nobody, and not before', async () => {
    const conversationId = await group();
    // Longer than the first verification takes to begin.
    await send(conversationId, 'for a while', 20);
    await send(conversationId, 'for good');
    const early = await verify(['--conversation', conversationId]);
    expect(early.report).toMatchObject({ messages: [], verdict: 'gone' });

    await waitFor(() => hasRow(conversationId, 2, 'expired'), {
      what: 'the message to expire',
      timeout: 60_000,
    });
    const file = join(home, 'certificate.json');
    let last = early;
    await waitFor(
      async () => {
        last = await verify(['--conversation', conversationId, '--out', file, '--force']);
        return last.code === 0 && (last.report?.messages.length ?? 0) > 0;
      },
      { what: 'the message to be gone', timeout: 90_000 },
    );
    const [message] = last.report?.messages ?? [];
    expect(message).toMatchObject({ seq: 2, author: 'ann', open: [], takenOut: false });
    expect(message?.destroyed).toStrictEqual([expect.stringMatching(/^bucket\.t1-\d+$/)]);
    expect(message?.ended).toMatchObject({ cause: 'expired', by: '@system' });
    // Its sealed body is where it was, in the log: it just opens for nobody.
    expect(message?.copies.map(({ store }) => store)).toContain('nats');
    expect(last.report?.searched.map(({ store }) => store)).toStrictEqual(['nats', 'postgres', 'redis']);

    expect(await verify(['--conversation', conversationId, '--out', file])).toMatchObject({
      code: CANNOT_WRITE,
    });
    const checked = startCli(['erasure', 'check', file, '--json'], { PARLEY_HOME: home });
    expect(await checked.ended).toBe(0);
    expect(JSON.parse(checked.output.out)).toMatchObject({
      verdict: 'gone',
      scope: { conversation: conversationId },
    });
    await writeFile(file, (await readFile(file, 'utf8')).replace('"seq": 2', '"seq": 3'));
    expect(await startCli(['erasure', 'check', file]).ended).toBe(BAD_DATA);
  });

  it('does not let a message pass of which a sealed copy is left that its key opens', async () => {
    const conversationId = await group();
    await send(conversationId, 'deleted');
    // Deleted in the batch that sent it, it would never be in the files of the database.
    await waitFor(() => hasRow(conversationId, 2), { what: 'the row of the message' });
    await ask('DELETE', `/v1/conversations/${conversationId}/messages/2`);
    const left: string[] = [];
    await waitFor(
      async () => {
        const { report } = await verify(['--conversation', conversationId]);
        const [message] = report?.messages ?? [];
        left.splice(0, left.length, ...(message?.open ?? []));
        return message?.takenOut === true;
      },
      { what: 'the message to be taken out of the log', timeout: 90_000 },
    );
    // The table's file, or the write-ahead log at least, still has what the row was.
    expect(left.join()).toMatch(/dead rows|write-ahead log/);
    expect(left.join()).not.toMatch(/files of the log/);

    await query('vacuum full rm_1.message');
    const after = await verify(['--conversation', conversationId]);
    expect(after.report?.messages[0]?.open.join()).not.toContain('dead rows');
  });

  it('finds what is over by a time, in the whole log', async () => {
    const all = (await verify([])).report?.messages ?? [];
    expect(all.length).toBeGreaterThan(0);
    const first = all.map(({ ended }) => ended.at).sort()[0] as string;
    const before = (await verify(['--before', first])).report?.messages ?? [];
    expect(before.map(({ ended }) => ended.at)).toStrictEqual([first]);
  });

  it('says which master key is missing, and tries nothing with another', async () => {
    const { code, err } = await verify([], randomBytes(32).toString('base64url'));
    expect(code).toBe(CONFIG);
    expect(err).toMatch(/in use with the master key [0-9a-f]{16}/);
  });
});
