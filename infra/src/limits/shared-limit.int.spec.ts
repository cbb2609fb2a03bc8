import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { connectRedis } from '../runtime/connect-redis.js';
import { createLog } from '../runtime/log.js';
import { steadyNow } from '../runtime/steady-now.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { waitFor } from '../testing/wait-for.js';
import { openSharedLimit, type SharedLimit } from './shared-limit.js';

let environment: TestEnvironment;
const clients: Redis[] = [];
const limits: SharedLimit[] = [];
const log = createLog('test', 'silent');

/** As one process has it: with a connection of its own. */
async function openLimit(name: string, points: number, windowSeconds = 10): Promise<SharedLimit> {
  const redis = await connectRedis(environment.redisUrl, { name: 'test', log });
  clients.push(redis);
  const limit = openSharedLimit({ redis, name, points, windowSeconds });
  limits.push(limit);
  return limit;
}

beforeAll(async () => {
  environment = await testEnvironment();
});
afterAll(async () => {
  for (const limit of limits) limit.close();
  for (const redis of clients) redis.disconnect();
  await environment.dispose();
});

afterEach(() => void vi.restoreAllMocks());

const takeUntilRefused = (limit: SharedLimit, key: string, most: number): number => {
  for (let taken = 0; taken < most; taken++) if (limit.take(key) !== undefined) return taken;
  return most;
};

it('grants the points, refuses the next, and grants again after the time it named', async () => {
  const limit = await openLimit('one', 20, 1);
  expect(takeUntilRefused(limit, 'ann', 100)).toBe(20);
  const wait = limit.wait('ann') as number;
  const until = steadyNow() + wait;
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(1_000);
  expect(limit.take('bob')).toBeUndefined();
  // A timer may be a millisecond early by the clock of the limit, and that of the machine be set back.
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
  await waitFor(() => steadyNow() >= until, { what: 'the time that it named' });
  expect(limit.take('ann')).toBeUndefined();
});

it('is one budget for two processes, but for the leases they have out', async () => {
  const points = 200;
  const [here, there] = [await openLimit('two', points), await openLimit('two', points)];
  let granted = 0;
  await waitFor(
    () => {
      const before = granted;
      for (const limit of [here, there]) granted += takeUntilRefused(limit, 'ann', 10);
      return granted === before;
    },
    { what: 'both to refuse' },
  );
  expect(granted).toBeGreaterThanOrEqual(points);
  expect(granted).toBeLessThanOrEqual(points + 2 * (points / 20) + 20);
});

it('counts for itself while Redis is away', async () => {
  const limit = await openLimit('away', 20);
  (clients.at(-1) as Redis).disconnect();
  expect(takeUntilRefused(limit, 'ann', 100)).toBe(20);
});

it('limits nobody where the points are 0', async () => {
  const limit = await openLimit('none', 0);
  expect(takeUntilRefused(limit, 'ann', 10_000)).toBe(10_000);
});
