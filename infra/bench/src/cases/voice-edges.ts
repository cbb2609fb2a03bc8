import type { Case } from '../case.js';
import { crowdCall } from '../voice/crowd-call.js';
import { withNodes } from '../voice/with-nodes.js';
import { figuresOf } from './voice-channel.js';

const LISTENERS = 200;

/** One speaks to two hundred, of whom a third each is with the core and with two edges fed by pipes. */
export const voiceEdges: Case = {
  name: 'voice-edges',
  about: `one speaks to ${LISTENERS} listeners on a node and two edges of it: loss, and latency from mouth to socket`,
  async run({ quick, say }) {
    const listeners = quick ? 30 : LISTENERS;
    const seconds = quick ? 5 : 30;
    const comfortable = Math.ceil((listeners + 1) / 3);
    const settings = { PARLEY_VOICE_COMFORTABLE: String(comfortable), PARLEY_VOICE_WORKERS: '1' };
    return withNodes(3, settings, say, async (system) => {
      const options = { people: listeners + 1, speakers: 1, seconds, allMaySpeak: false, say };
      const crowd = await crowdCall(system, options);
      const [loss, latency] = figuresOf(`${listeners} listeners, 2 edges`, seconds, crowd);
      const spread = [...crowd.nodes.values()].toSorted((a, b) => b - a).join(', ');
      return [loss, latency].flatMap((each) =>
        each === undefined ? [] : { ...each, note: `${each.note}; people on each node: ${spread}` },
      );
    });
  },
};
