import { ensureTopology } from '@parley/infra/log/topology';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { type Cluster, openCluster, PARTITIONS } from '@parley/sfu/testing/cluster';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
let cluster: Cluster;

beforeAll(async () => {
  environment = await testEnvironment();
  cluster = await openCluster(environment);
  await ensureTopology(cluster.nats, { partitions: PARTITIONS, replicas: 1 });
});
afterAll(async () => {
  await cluster?.close();
  await environment?.dispose();
});

const voice = (...args: readonly string[]) =>
  runCli(['voice', ...args], { NATS_URL: environment.natsUrl, REDIS_URL: environment.redisUrl });

describe('voice', () => {
  it('says that no node is there, and that this is not as it should be', async () => {
    expect(await voice('nodes')).toMatchObject({
      code: exitCodes.unhealthy,
      out: expect.stringContaining('no SFU node is there'),
    });
    expect(await voice('drain', 'sfu-nobody')).toMatchObject({
      code: exitCodes.noInput,
      err: expect.stringContaining('there is no node sfu-nobody'),
    });
    expect(await voice('drain', 'sfu-nobody', '--within', 'soon')).toMatchObject({ code: exitCodes.usage });
  });

  it('shows nodes and where calls are', async () => {
    const { id } = await cluster.start({ PARLEY_VOICE_REGION: 'north' });
    const seat = await cluster.seat('c-shown');
    await cluster.attach(seat);
    const [shown, asJson, calls] = await Promise.all([
      voice('nodes'),
      voice('nodes', '--json'),
      voice('calls', '--json'),
    ]);
    expect(shown).toMatchObject({ code: exitCodes.done, err: '' });
    expect(shown.out).toMatch(new RegExp(`${id} +│ north +│ ready`));
    expect(JSON.parse(asJson.out)).toMatchObject({ nodes: [{ node: id, state: 'ready' }] });
    const placed = { conversationId: 'c-shown', node: id, fence: seat.fence, alive: true };
    expect(JSON.parse(calls.out)).toMatchObject({ calls: [placed] });
  });

  it('has a node give its calls away, unless nobody takes them', async () => {
    const { node: leaving } = await cluster.seat('c-shown');
    expect(await voice('drain', leaving)).toMatchObject({
      code: exitCodes.busy,
      err: expect.stringContaining('no other node takes calls'),
    });
    const other = await cluster.start();
    const drained = await voice('drain', leaving, '--within', '10');
    expect(drained).toMatchObject({ code: exitCodes.done, out: expect.stringContaining('is gone after') });
    const { out } = await voice('calls');
    expect(out).toContain('c-shown');
    expect(out).toContain(other.id);
  });
});
