import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterEach, describe, expect, it } from 'vitest';
import { testWorker } from '../testing/test-worker.js';
import { openWorkerPool, type WorkerPool } from './pool.js';
import type { PoolWorker } from './start-worker.js';

const log = createLog('pool', 'silent');
const listen = { ip: '127.0.0.1', announced: '192.0.2.7', portMin: 42_000, portMax: 42_999 };
let died: PoolWorker[] = [];
let pool: WorkerPool | undefined;

async function open(count: number): Promise<WorkerPool> {
  died = [];
  const { workerBin } = testWorker;
  pool = await openWorkerPool({ workerBin, count, listen, log, onDied: (worker) => died.push(worker) });
  return pool;
}

afterEach(() => pool?.close());

const opus = { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 } as const;
const portOf = async ({ worker, webRtcServer }: PoolWorker): Promise<readonly (number | undefined)[]> => {
  const router = await worker.createRouter({ mediaCodecs: [opus] });
  const transport = await router.createWebRtcTransport({ webRtcServer });
  expect(transport.iceCandidates.map(({ address }) => address)).toEqual(['192.0.2.7', '192.0.2.7']);
  return transport.iceCandidates.map(({ port }) => port);
};

describe('the pool of media workers', () => {
  it('gives each worker a UDP and a TCP port of its own, in the range', async () => {
    const { workers } = await open(2);
    const ports = await Promise.all(workers.map(portOf));
    for (const port of ports.flat()) expect(port).toSatisfy((at: number) => at >= 42_000 && at <= 42_999);
    const [first, second] = ports as [number[], number[]];
    expect(first[0]).not.toBe(second[0]);
    expect(first[1]).not.toBe(second[1]);
  });

  it('spreads what is picked before the load of it can be seen', async () => {
    const { workers, pick } = await open(2);
    const picked = Array.from({ length: 6 }, () => pick());
    for (const worker of workers) expect(picked.filter((each) => each === worker).length).toBeGreaterThan(1);
  });

  it('tells of a worker that was killed, and has another in its place', async () => {
    const running = await open(2);
    const [victim, other] = running.workers as [PoolWorker, PoolWorker];
    process.kill(victim.worker.pid, 'SIGKILL');
    await waitFor(() => died.length > 0, { what: 'the word that it died' });
    expect(died).toEqual([victim]);
    expect(running.workers).toEqual([other]);
    expect(running.pick()).toBe(other);
    await waitFor(() => running.workers.length === 2, { what: 'another worker' });
    const replaced = running.workers.find((worker) => worker !== other) as PoolWorker;
    expect(replaced.worker.pid).not.toBe(victim.worker.pid);
    expect(await portOf(replaced)).toHaveLength(2);
  });

  it('picks nobody while there is none', async () => {
    const running = await open(1);
    process.kill((running.workers[0] as PoolWorker).worker.pid, 'SIGKILL');
    await waitFor(() => died.length > 0, { what: 'the word that it died' });
    expect(running.pick()).toBeUndefined();
    await waitFor(() => running.pick() !== undefined, { what: 'another worker' });
  });

  it('says how busy the busiest is', async () => {
    const running = await open(2);
    const { worker } = running.workers[1] as PoolWorker;
    let work = true;
    const working = (async () => {
      while (work) await worker.dump();
    })();
    await waitFor(() => running.cpu() > 0.02, { what: 'the load to be seen' });
    expect(running.pick()).toBe(running.workers[0]);
    work = false;
    await working;
  });

  it('leaves its workers alone when the process is told to stop, until it is closed', async () => {
    const before = process.listenerCount('SIGTERM');
    const { workers } = await open(1);
    expect(process.listenerCount('SIGTERM')).toBe(before);
    await pool?.close();
    expect(workers.every(({ worker }) => worker.subprocessClosed)).toBe(true);
    expect(died).toEqual([]);
  });

  it('says which program does not start', async () => {
    await expect(
      openWorkerPool({ workerBin: '/bin/false', count: 2, listen, log, onDied: () => undefined }),
    ).rejects.toThrow('the mediasoup worker /bin/false does not start');
  });
});
