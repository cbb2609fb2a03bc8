import { type CallScene, openCallScene } from '@parley/e2e/voice/call-scene';
import { startSystem } from '@parley/infra/testing/system-processes';
import { findMediasoupWorker } from '@parley/sfu/worker/find-worker';
import { withStack } from '../with-stack.js';

/** Runs a measurement with people in a browser who may call each other, by a mesh of up to `p2pMax`, else by one node. */
export async function withCalls<A>(
  p2pMax: number,
  say: (line: string) => void,
  run: (scene: CallScene) => Promise<A>,
): Promise<A> {
  const { workerBin } = await findMediasoupWorker(say);
  return withStack(false, async (stack) => {
    const servers = { natsUrl: stack.nats, databaseUrl: stack.database, redisUrl: stack.redis };
    const system = await startSystem(servers, [], undefined, {
      PARLEY_MEDIASOUP_WORKER: workerBin,
      PARLEY_LIMIT_COMMANDS: '0',
      PARLEY_LIMIT_OPENS: '0',
      VOICE_P2P_MAX: String(p2pMax),
    });
    await system.add('sfu');
    const scene = await openCallScene(system);
    try {
      return await run(scene);
    } finally {
      await scene.close();
      await system.stop();
    }
  });
}
