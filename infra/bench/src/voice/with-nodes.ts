import { connectClient } from '@parley/infra/testing/foreign-client';
import type { ServiceProcess } from '@parley/infra/testing/service-process';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import { findMediasoupWorker } from '@parley/sfu/worker/find-worker';
import { withStack } from '../with-stack.js';

/** Runs a measurement on a whole system with so many nodes for calls, which all go by a node unless the settings say otherwise. */
export async function withNodes<A>(
  nodes: number,
  settings: Readonly<Record<string, string>>,
  say: (line: string) => void,
  run: (system: SystemProcesses) => Promise<A>,
): Promise<A> {
  const { workerBin } = await findMediasoupWorker(say);
  return withStack(false, async (stack) => {
    const servers = { natsUrl: stack.nats, databaseUrl: stack.database, redisUrl: stack.redis };
    const system = await startSystem(servers, [], undefined, {
      PARLEY_MEDIASOUP_WORKER: workerBin,
      PARLEY_LIMIT_COMMANDS: '0',
      PARLEY_LIMIT_OPENS: '0',
      VOICE_P2P_MAX: '0',
      ...settings,
    });
    try {
      for (let node = 0; node < nodes; node++) await system.add('sfu');
      return await run(system);
    } finally {
      await system.stop();
    }
  });
}

/** One more node; resolves when it takes calls. */
export async function addNode(system: SystemProcesses): Promise<ServiceProcess> {
  const service = await system.add('sfu');
  await waitFor(async () => (await fetch(`${service.info.url}/ready`)).ok, {
    what: 'a node to take calls',
    timeout: 30_000,
  });
  return service;
}

/** A group of these people, made by the first. */
export async function groupOf(
  system: SystemProcesses,
  conversationId: string,
  [founder = '', ...members]: readonly string[],
): Promise<void> {
  const client = await connectClient(system.ws);
  await client.request('session.open', { token: await system.token(founder), device: 'd1' });
  await client.request('conversation.create', { commandId: 'c1', conversationId, kind: 'group', members });
  client.socket.terminate();
}
