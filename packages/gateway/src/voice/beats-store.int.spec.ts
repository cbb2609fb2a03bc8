import {
  redisUrlBeside,
  type TestEnvironment,
  testEnvironment,
} from '@parley/infra/testing/test-environment';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { BEATS_KEY, type BeatsStore, LOST_MS, openBeatsStore, SILENCE_MS, SWEEP_MS } from './beats-store.js';

let environment: TestEnvironment;
let redis: Redis;
let store: BeatsStore;
beforeAll(async () => {
  environment = await testEnvironment();
  redis = new Redis(redisUrlBeside(environment.natsUrl));
  store = openBeatsStore(redis);
});
afterAll(async () => {
  redis.disconnect();
  await environment.dispose();
});
beforeEach(async () => {
  await redis.del(BEATS_KEY);
});

/** Lets so much time pass: everything that was said lies so far back. */
async function pass(ms: number, but: readonly string[] = []): Promise<void> {
  const all = await redis.zrange(BEATS_KEY, '0', '-1');
  for (const member of all) if (!but.includes(member)) await redis.zincrby(BEATS_KEY, -ms, member);
}

const everyone = async () => (await redis.zrange(BEATS_KEY, '0', '-1')).filter((member) => member[0] !== '~');

it('gives each of those who were not heard of to one of all who ask', async () => {
  const members = Array.from({ length: 150 }, (_, index) => `c ${index} ${index}`);
  await store.hear(members);
  await pass(LOST_MS + 1);
  await store.hear(['c 0 0']);
  await redis.zadd(BEATS_KEY, 1, '~since');
  const [one, two] = await Promise.all([store.takeLost(), store.takeLost()]);
  expect([...one, ...two].toSorted()).toEqual(members.slice(1).toSorted());
  // Who took them may die before they are out: they are found again, and not before.
  expect(await store.takeLost()).toEqual([]);
  await pass(LOST_MS + 1, ['~since']);
  expect(await store.takeLost()).toHaveLength(150);
  await store.forget(members);
  expect(await everyone()).toEqual([]);
});

it('gives nobody until everybody had time to be heard again, after it was away or lost everything', async () => {
  await store.expect(['c 1 1']);
  await pass(LOST_MS + 1);
  // No gateway has said anything yet.
  expect(await store.takeLost()).toEqual([]);
  await store.hear([]);
  expect(await store.takeLost()).toEqual([]);
  await pass(LOST_MS + 1, ['~at']);
  expect(await store.takeLost()).toEqual(['c 1 1']);

  await pass(LOST_MS + SILENCE_MS + 1);
  await store.hear(['c 2 2']);
  expect(await store.takeLost()).toEqual([]);
});

it('goes on while any gateway beats', async () => {
  await store.hear(['c 1 1']);
  for (let beats = 0; beats < 4; beats++) {
    await pass(SILENCE_MS - 100);
    await store.hear([]);
  }
  expect(await store.takeLost()).toEqual(['c 1 1']);
});

it('expects who is new, and does not take for heard who is known', async () => {
  await store.hear(['c 1 1']);
  await pass(1_000);
  const before = await redis.zscore(BEATS_KEY, 'c 1 1');
  await store.expect(['c 1 1', 'c 1 2']);
  expect(await redis.zscore(BEATS_KEY, 'c 1 1')).toBe(before);
  expect(await everyone()).toEqual(['c 1 1', 'c 1 2']);
});

it('has one of all look at everybody, again after a while, and at once after it was away', async () => {
  const isDue = async () => {
    const asked = await Promise.all([store.takeSweep(), store.takeSweep(), store.takeSweep()]);
    return asked.filter((is) => is).length;
  };
  await store.hear([]);
  expect(await isDue()).toBe(1);
  // Who took it may die before it is done.
  await pass(LOST_MS + 1, ['~at']);
  expect(await isDue()).toBe(1);
  await store.swept();
  await pass(SWEEP_MS - 1_000, ['~at']);
  await store.hear([]);
  expect(await isDue()).toBe(0);
  await pass(1_001, ['~at']);
  expect(await isDue()).toBe(1);

  await store.swept();
  await pass(SILENCE_MS + 1);
  await store.hear([]);
  expect(await isDue()).toBe(1);
});

it('hears of very many at once', async () => {
  await store.hear(Array.from({ length: 1_201 }, (_, index) => `c ${index} ${index}`));
  expect(await everyone()).toHaveLength(1_201);
});
