import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureTopology } from '../log/topology.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { waitFor } from '../testing/wait-for.js';
import { connectNats } from './connect-nats.js';
import { createLog } from './log.js';
import { type LogClock, openLogClock } from './log-clock.js';

const HOUR = 3_600_000;
const log = createLog('test', 'silent');

let environment: TestEnvironment;
let nats: NatsConnection;
const clocks: LogClock[] = [];

/** A process with a wall clock that can be set. */
async function openProcess(registry = new Registry()) {
  const wall = { off: 0 };
  const clock = await openLogClock({ nats, log, registry, wall: () => Date.now() + wall.off });
  clocks.push(clock);
  const apart = async (name: string): Promise<number> => {
    const line = (await registry.metrics()).split('\n').find((text) => text.includes(`clock="${name}"`));
    return Number(line?.split(' ').at(-1));
  };
  return { clock, wall, apart };
}

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: 1, replicas: 1 });
});
afterAll(async () => {
  for (const clock of clocks) clock.close();
  await nats.close();
  await environment.dispose();
});

it('shows the time of the broker', async () => {
  const { clock } = await openProcess();
  // On one machine it is the same as ours.
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(500);
});

it.each([HOUR, -HOUR])('is not moved by a wall clock that is set by %i ms, and says so', async (off) => {
  const { clock, wall, apart } = await openProcess();
  wall.off = off;
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(500);
  await waitFor(async () => Math.abs((await apart('wall')) * 1_000 - off) < 1_000, { what: 'the metric' });
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(500);
  wall.off = 0;
  await waitFor(async () => (await apart('wall')) === 0, { what: 'the clocks to agree' });
});

it('never goes back, whatever the wall clock does', async () => {
  const { clock, wall } = await openProcess();
  let last = 0;
  for (let n = 0; n < 200; n++) {
    wall.off = (n % 3) * HOUR - HOUR;
    const now = clock.now();
    expect(now).toBeGreaterThanOrEqual(last);
    last = now;
    await sleep(1);
  }
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(500);
});

it('waits at the start until broker and wall clock agree', async () => {
  let off = HOUR;
  let opened: LogClock | undefined;
  const registry = new Registry();
  const opening = openLogClock({ nats, log, registry, wall: () => Date.now() + off }).then((clock) => {
    opened = clock;
    clocks.push(clock);
  });
  await waitFor(async () => /clock="wall"\} [1-9]/.test(await registry.metrics()), { what: 'the complaint' });
  expect(opened).toBeUndefined();
  off = 0;
  await opening;
  expect(Math.abs((opened as unknown as LogClock).now() - Date.now())).toBeLessThan(500);
});
