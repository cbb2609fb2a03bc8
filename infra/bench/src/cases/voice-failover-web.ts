import { openCallScene } from '@parley/e2e/voice/call-scene';
import { carrierOf } from '@parley/e2e/voice/carrier';
import { allHearAndSee, callOf, gapsWhile } from '@parley/e2e/voice/people-in-call';
import type { Case } from '../case.js';
import { openLatencies } from '../percentiles.js';
import { addNode, withNodes } from '../voice/with-nodes.js';

const TARGET = 3_000;

/** What `voice-failover` measures of packets, as people hear it: by the SDK in browsers. */
export const voiceFailoverWeb: Case = {
  name: 'voice-failover-web',
  about:
    'nodes are killed while two talk in browsers: the longest silence of each as it is played to the other',
  async run({ quick, say }) {
    const kills = quick ? 2 : 20;
    return withNodes(0, { PARLEY_VOICE_WORKERS: '1' }, say, async (system) => {
      for (let n = 0; n < 2; n++) await addNode(system);
      const scene = await openCallScene(system);
      const times = openLatencies();
      try {
        const { people } = await callOf(scene, 2, 0);
        await allHearAndSee(people, 0);
        for (let kill = 1; kill <= kills; kill++) {
          const gaps = await gapsWhile(people, async () => {
            const killed = await carrierOf(system);
            await killed.end('SIGKILL');
            await carrierOf(system, killed);
            await allHearAndSee(people, 0);
          });
          for (const { silenceMs } of gaps) times.add(silenceMs);
          say(`kill ${kill}: ${gaps.map(({ silenceMs }) => Math.round(silenceMs)).join(', ')} ms`);
          await addNode(system);
        }
      } finally {
        await scene.close();
      }
      return [
        {
          name: `node killed, longest silence as it is played, p99 of ${times.count}`,
          unit: 'ms',
          ours: times.at(99),
          target: `< ${TARGET} ms`,
          met: times.at(99) < TARGET,
          note: `median ${times.at(50).toFixed(0)} ms; browsers, nodes and servers on one machine`,
        },
      ];
    });
  },
};
