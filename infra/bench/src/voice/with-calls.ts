import { type CallScene, openCallScene } from '@parley/e2e/voice/call-scene';
import { withNodes } from './with-nodes.js';

/** Runs a measurement with people in a browser who may call each other, by a mesh of up to `p2pMax`, else by one node. */
export async function withCalls<A>(
  p2pMax: number,
  say: (line: string) => void,
  run: (scene: CallScene) => Promise<A>,
): Promise<A> {
  return withNodes(1, { VOICE_P2P_MAX: String(p2pMax) }, say, async (system) => {
    const scene = await openCallScene(system);
    try {
      return await run(scene);
    } finally {
      await scene.close();
    }
  });
}
