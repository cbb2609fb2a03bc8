import { testWorker } from '@parley/sfu/testing/test-worker';
import { startWebStack, type WebStack } from './web-stack.js';

/** Where every call goes by a node, and a browser with devices: three of each kind, and a screen for whoever wants to share one. */
export async function startWebStackWithNode(): Promise<WebStack> {
  const stack = await startWebStack(
    ['--use-fake-device-for-media-stream=device-count=3,fps=5', '--use-fake-ui-for-media-stream'],
    { VOICE_P2P_MAX: '0', ...NODE },
  );
  await stack.system.add('sfu');
  return stack;
}

/** One worker, the one that is tested with. */
export const NODE = { PARLEY_VOICE_WORKERS: '1', PARLEY_MEDIASOUP_WORKER: testWorker.workerBin };
