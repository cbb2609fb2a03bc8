import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from 'mediasoup';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { testWorker } from '../testing/test-worker.js';
import { inspectVoice } from './inspect-worker.js';

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'parley-cache-'));
  vi.stubEnv('PARLEY_CACHE', cache);
  vi.stubEnv('PARLEY_MEDIASOUP_WORKER', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

const worker = async () => (await inspectVoice()).find(({ what }) => what === 'media worker');

it('says which worker there is, and that it survives what participants send', async () => {
  vi.stubEnv('PARLEY_MEDIASOUP_WORKER', testWorker.workerBin);
  expect(await worker()).toEqual({
    what: 'media worker',
    state: 'good',
    detail: `mediasoup ${version} (named by PARLEY_MEDIASOUP_WORKER)`,
  });
});

it('says that the one that is named is none, and what mends it', async () => {
  vi.stubEnv('PARLEY_MEDIASOUP_WORKER', '/bin/false');
  const found = await worker();
  expect(found).toMatchObject({ state: 'missing', mend: 'unset PARLEY_MEDIASOUP_WORKER' });
  expect(found?.detail).toContain('/bin/false');
});

it('says that one will be fetched or built where there is none, and makes nothing', async () => {
  const found = await worker();
  expect(found?.state).toBe('will be fetched');
  expect(found?.detail).toContain(`no mediasoup worker ${version} is in the cache yet`);
  expect(await readdir(cache)).toEqual([]);
});
