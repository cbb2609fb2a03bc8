import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { inspectMachine } from './doctor.js';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-doctor-'));
  vi.stubEnv('PARLEY_HOME', join(directory, 'home'));
  vi.stubEnv('PARLEY_CACHE', join(directory, 'cache'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

it('says of everything that is needed where it stands, and changes nothing', async () => {
  const findings = await inspectMachine();
  expect(findings.map(({ what }) => what)).toEqual([
    'Node',
    'nats-server',
    'Postgres',
    'redis-server',
    'data',
    'cache of fetched programs',
  ]);
  expect(findings[0]).toMatchObject({ state: 'good' });
  for (const { state, mend } of findings) if (state === 'missing') expect(mend).toBeTruthy();
  expect(await readdir(directory)).toEqual([]);
});

it('takes a server that the environment names', async () => {
  vi.stubEnv('REDIS_URL', 'redis://there:6379');
  expect(await inspectMachine()).toContainEqual({
    what: 'redis-server',
    state: 'good',
    detail: 'the URL in REDIS_URL',
  });
});

it('names the variable that mends a directory which cannot be written', async () => {
  await writeFile(join(directory, 'file'), '');
  vi.stubEnv('PARLEY_CACHE', join(directory, 'file', 'cache'));
  expect((await inspectMachine()).at(-1)).toMatchObject({
    state: 'missing',
    mend: 'PARLEY_CACHE=DIRECTORY, a directory that you can write',
  });
});
