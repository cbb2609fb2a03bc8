import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from '@parley/client/parley-client';
import { forgetHome } from '@parley/infra/embedded/forget-home';
import type { CliProcess } from '@parley/infra/testing/cli-process';
import { waitFor } from '@parley/infra/testing/wait-for';
import { testWorker } from '@parley/sfu/testing/test-worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Endpoints, parleyUp } from './parley-up.js';
import { projected } from './read-model.js';

let home: string;
const started: CliProcess[] = [];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-test-'));
});
afterAll(async () => {
  for (const { child, ended } of started) {
    child.kill('SIGKILL');
    await ended;
  }
  await forgetHome(home);
});

/** Starts servers and services in the home, and waits for the line that says where they are. */
async function up(): Promise<{ run: CliProcess; endpoints: Endpoints }> {
  const { run, ready } = parleyUp(home);
  started.push(run);
  return { run, endpoints: await ready };
}

/** Every process that this one has started, and those they have. */
async function descendants(root: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const parent of found)
    found.push(...pairs.flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid] : [])));
  return found;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Ends it by a signal; resolves when none of its processes is left. */
async function end({ run }: { run: CliProcess }, signal: NodeJS.Signals): Promise<number | string> {
  const pids = await descendants(run.child.pid as number);
  // The leash, three servers and four services at least.
  expect(pids.length).toBeGreaterThanOrEqual(9);
  run.child.kill(signal);
  const ending = await run.ended;
  await waitFor(() => !pids.some(isRunning), { what: 'every process to be gone', timeout: 20_000 });
  return ending;
}

async function send({ ws, token }: Endpoints, text: string): Promise<void> {
  const client = await connect({ url: ws, token, device: 'demo' });
  const known = (await client.conversations()).conversations.some(
    ({ conversationId }) => conversationId === 'kept',
  );
  if (!known)
    await client.call('conversation.create', { conversationId: 'kept', kind: 'group', members: [] });
  await client.send('kept', { text });
  client.close();
}

async function texts({ ws, token }: Endpoints): Promise<readonly unknown[]> {
  const client = await connect({ url: ws, token, device: 'demo' });
  const { messages } = await client.messages('kept');
  client.close();
  return messages.map(({ body }) => (body as { text: string }).text);
}

it('starts everything in a home, leaves nothing running however it ends, and finds its data again', async () => {
  const first = await up();
  const { web, api, token, database } = first.endpoints;
  await waitFor(
    () => first.run.output.err.includes(`calls can be carried: mediasoup ${testWorker.version}`),
    {
      what: 'its media workers',
      timeout: 60_000,
    },
  );
  const page = await fetch(web);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  // One click is enough here: nobody but this machine is asked.
  const body = '{"user":"ann"}';
  const asked = await fetch(`${web}/v1/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(asked.status).toBe(200);
  const listed = await fetch(`${api}/v1/conversations`, { headers: { authorization: `Bearer ${token}` } });
  expect(listed.status).toBe(200);
  await send(first.endpoints, 'one');
  await waitFor(async () => (await projected(database)) === 2, { what: 'the read model' });
  expect(await end(first, 'SIGINT')).toBe(0);

  const second = await up();
  expect(await texts(second.endpoints)).toEqual(['one']);
  await send(second.endpoints, 'two');
  expect(await end(second, 'SIGKILL')).toBe('SIGKILL');

  const third = await up();
  // The token of the first start is still good, at the same address.
  await waitFor(async () => (await texts(first.endpoints)).length === 2, { what: 'both messages' });
  expect(await texts(first.endpoints)).toEqual(['one', 'two']);
  expect(await end(third, 'SIGTERM')).toBe(0);
});
