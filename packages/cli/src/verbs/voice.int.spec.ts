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

  it('shows nodes and where calls are, and has a node give its calls away', async () => {
    const leaving = await cluster.start({ PARLEY_VOICE_REGION: 'north' });
    const seat = await cluster.seat('c-shown');
    await cluster.attach(seat);
    const alone = await voice('drain', leaving.id);
    expect(alone).toMatchObject({
      code: exitCodes.busy,
      err: expect.stringContaining('no other node takes calls'),
    });

    const other = await cluster.start();
    const shown = await voice('nodes');
    expect(shown).toMatchObject({ code: exitCodes.done, err: '' });
    expect(shown.out).toMatch(new RegExp(`${leaving.id} +│ north +│ ready`));
    const { nodes } = JSON.parse((await voice('nodes', '--json')).out);
    expect(nodes.map(({ node }: { node: string }) => node).sort()).toEqual([leaving.id, other.id].sort());

    const placed = { conversationId: 'c-shown', node: leaving.id, fence: seat.fence, alive: true };
    expect(JSON.parse((await voice('calls', '--json')).out)).toMatchObject({ calls: [placed] });
    expect((await voice('calls')).out).toContain('c-shown');

    const drained = await voice('drain', leaving.id, '--within', '10');
    expect(drained).toMatchObject({ code: exitCodes.done, out: expect.stringContaining('is gone after') });
    expect(JSON.parse((await voice('calls', '--json')).out)).toMatchObject({
      calls: [{ conversationId: 'c-shown', node: other.id, alive: true }],
    });
  });
});
