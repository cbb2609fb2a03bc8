import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetHome } from '@parley/infra/embedded/forget-home';
import { type Stack, startStack } from '@parley/infra/embedded/stack';
import { askApi } from '@parley/infra/testing/ask-api';
import { childrenOf } from '@parley/infra/testing/children-of';
import { joinRaw, type RawParticipant } from '@parley/infra/testing/media/raw-participant';
import { openVoiceLine, RefusedError } from '@parley/infra/testing/media/voice-line';
import type { ServiceProcess } from '@parley/infra/testing/service-process';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { talkOn } from './talker.js';
import { hangUp, hearEachOther, type Talker, talking } from './talking.js';

let home: string;
let stack: Stack;
let system: SystemProcesses;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-test-'));
  stack = await startStack({ home, syncAlways: false, useEnvironment: false });
  system = await startSystem(
    { natsUrl: stack.nats, databaseUrl: stack.database, redisUrl: stack.redis },
    [],
    undefined,
    { VOICE_P2P_MAX: '0', PARLEY_VOICE_WORKERS: '1' },
  );
  await system.add('sfu');
  await system.add('sfu');
});
afterAll(async () => {
  await system?.stop();
  await stack?.stop();
  await forgetHome(home);
});

describe('a call', () => {
  it('goes on with another node when its own is killed', async () => {
    const { talkers } = await talking(system, 'ann', 'bob');
    const before = talkers[0]?.now()?.node as string;
    await serviceOf(before).end('SIGKILL');
    await waitFor(() => talkers.every((talker) => talker.now()?.node !== before), {
      what: 'everybody to be at another node',
      timeout: 30_000,
    });
    await hearEachOther(talkers);
    const fences = talkers.map((talker) => talker.now()?.fence);
    expect(new Set(fences).size).toBe(1);
    await hangUp(talkers);
    await system.add('sfu');
  });

  it('goes on with another worker when its own is killed', async () => {
    const { talkers } = await talking(system, 'ann', 'bob');
    const [ann] = talkers as [Talker, Talker];
    const { node, fence } = ann.now() as RawParticipant;
    const workers = () => childrenOf(serviceOf(node).pid, 'mediasoup-worker');
    const [killed, ...others] = workers();
    expect(others).toEqual([]);
    process.kill(killed as number, 'SIGKILL');
    await waitFor(() => workers().some((worker) => worker !== killed), { what: 'another worker' });
    expect(workers()).not.toContain(killed);
    await hearEachOther(talkers);
    expect(talkers.map((talker) => talker.now()?.node)).toStrictEqual([node, node]);
    expect(ann.now()?.fence).toBeGreaterThanOrEqual(fence);
    await hangUp(talkers);
  });

  it('is heard on while the gateway is gone, and stays where it is when people come back', async () => {
    const { talkers, conversationId } = await talking(system, 'ann', 'bob');
    const [ann, bob] = talkers as [Talker, Talker];
    const { node, fence } = ann.now() as RawParticipant;
    await system.killAndRestart('gateway');
    await hearEachOther(talkers);
    for (const [user, { call, participant }] of [['ann', ann] as const, ['bob', bob] as const]) {
      const line = await openVoiceLine(system.ws, await system.token(user));
      const entered = await line.ask('voice.enter', { conversationId, call, participant });
      expect(entered).toMatchObject({ node, fence, topology: 'sfu' });
      line.close();
    }
    await hearEachOther(talkers);
    await hangUp(talkers);
  });

  it('goes on while Redis is away, others begin, and nothing moves when it is back', async () => {
    const before = await talking(system, 'ann', 'bob');
    await stack.stopServer('redis');
    const during = await talking(system, 'ann', 'cem');
    await hearEachOther(before.talkers);
    await stack.startServer('redis');
    const places = [...before.talkers, ...during.talkers].map((talker) => talker.now());
    const after = await talking(system, 'ann', 'dan');
    await hangUp(after.talkers);
    await hearEachOther(before.talkers);
    await hearEachOther(during.talkers);
    expect([...before.talkers, ...during.talkers].map((talker) => talker.now())).toStrictEqual(places);
    await hangUp([...before.talkers, ...during.talkers]);
  });

  it('has no room for who is banned, at once and for good', async () => {
    const { talkers, conversationId } = await talking(system, 'ann', 'bob', 'cem');
    const [ann, bob, cem] = talkers as [Talker, Talker, Talker];
    await askApi(system, 'POST', `/v1/conversations/${conversationId}/bans`, { body: { user: 'bob' } });
    await waitFor(() => bob.closedAs() === 'removed', { what: 'bob to be told' });
    const isSilentFor = (other: Talker, one: Talker): boolean =>
      performance.now() - (one.heardAt(other.participant) ?? 0) > 500;
    await waitFor(() => isSilentFor(bob, ann) && isSilentFor(ann, bob), {
      what: 'ann and bob to be silent for each other',
    });
    await hearEachOther([ann, cem]);
    await expect(
      bob.line.ask('voice.enter', { conversationId, call: bob.call, participant: bob.participant }),
    ).rejects.toThrow(RefusedError);
    await hangUp(talkers);
  });

  it('gives the place of a device to the newer one, and two devices of one person a place each', async () => {
    const { talkers, conversationId } = await talking(system, 'ann', 'bob');
    const [ann, bob] = talkers as [Talker, Talker];
    const same = await openVoiceLine(system.ws, await system.token('bob'));
    const again = await joinRaw(same, conversationId, bob.call);
    const newer = { ...(await talkOn(same, again)), line: same, ...again };
    await waitFor(() => bob.closedAs() === 'replaced', { what: 'the older to be told' });
    const other = await openVoiceLine(system.ws, await system.token('bob', undefined, '1d', 'd2'), 'd2');
    const second = await joinRaw(other, conversationId, bob.call);
    const tablet = { ...(await talkOn(other, second)), line: other, ...second };
    await hearEachOther([ann, newer, tablet]);
    const { call } = await ann.line.ask<{ call: { participants: readonly object[] } }>('call.get', {
      conversationId,
    });
    expect(call.participants).toMatchObject([
      { user: 'ann', device: 'd1' },
      { user: 'bob', device: 'd1', participant: newer.participant },
      { user: 'bob', device: 'd2', participant: tablet.participant },
    ]);
    await hangUp([ann, newer, tablet]);
    await hangUp([bob]);
  });
});

const serviceOf = (node: string) =>
  system.services.get('sfu')?.find(({ info }) => info.node === node) as ServiceProcess;
