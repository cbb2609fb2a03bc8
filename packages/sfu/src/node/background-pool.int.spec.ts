import { availableParallelism } from 'node:os';
import { createLog } from '@parley/infra/runtime/log';
import { childrenOf } from '@parley/infra/testing/children-of';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterEach, expect, it, vi } from 'vitest';
import type { SfuConfig } from '../config.js';
import { testWorker } from '../testing/test-worker.js';
import { type BackgroundPool, openBackgroundPool } from './background-pool.js';

let pool: BackgroundPool | undefined;

afterEach(async () => {
  await pool?.close();
  vi.unstubAllEnvs();
});

const workers = () => childrenOf(process.pid, 'mediasoup-worker').length;

it('runs one worker for each core unless told otherwise, and none once it is closed', async () => {
  vi.stubEnv('PARLEY_MEDIASOUP_WORKER', testWorker.workerBin);
  const told: string[] = [];
  const config = {
    PARLEY_VOICE_LISTEN: '127.0.0.1',
    PARLEY_VOICE_PORT_MIN: 46_000,
    PARLEY_VOICE_PORT_MAX: 46_999,
  } as SfuConfig;
  const before = workers();
  const ready = Promise.withResolvers<void>();
  pool = openBackgroundPool({
    config,
    log: createLog('pool', 'silent'),
    tell: (line) => told.push(line),
    onReady: ready.resolve,
    onGone: () => undefined,
    onDied: () => undefined,
  });
  expect(pool.pick()).toBeUndefined();
  await ready.promise;
  expect(workers() - before).toBe(availableParallelism());
  expect(pool.pick()).toBeDefined();
  expect(told.at(-1)).toContain('calls can be carried');
  await pool.close();
  await waitFor(() => workers() === before, { what: 'the workers to be gone' });
});
