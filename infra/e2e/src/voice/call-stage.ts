import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { testEnvironment } from '@parley/infra/testing/test-environment';
import { testWorker } from '@parley/sfu/testing/test-worker';
import { type CallScene, openCallScene } from './call-scene.js';

/** The whole system with nodes for calls, and people in a browser. */
export type CallStage = CallScene & { readonly system: SystemProcesses };

/** @param nodes SFU nodes to start */
export async function openCallStage(
  nodes = 1,
  settings: Readonly<Record<string, string>> = {},
): Promise<CallStage> {
  const environment = await testEnvironment();
  const system = await startSystem(environment, [], undefined, {
    PARLEY_MEDIASOUP_WORKER: testWorker.workerBin,
    ...settings,
  });
  for (let n = 0; n < nodes; n++) await system.add('sfu');
  const scene = await openCallScene(system);
  return {
    ...scene,
    system,
    async close() {
      await scene.close();
      await system.stop();
      await environment.dispose();
    },
  };
}
