import type { Case, Figure } from '../case.js';
import { type CrowdCall, crowdCall } from '../voice/crowd-call.js';
import { withNodes } from '../voice/with-nodes.js';

const PEOPLE = 50;
const SPEAKERS = 3;

/** Everybody may speak, three do: loss and latency from a speaker's send to each listener's socket. */
export const voiceChannel: Case = {
  name: 'voice-channel',
  about: `${PEOPLE} people in one channel by its node, ${SPEAKERS} of them speak: loss, and latency from mouth to socket`,
  async run({ quick, say }) {
    const seconds = quick ? 5 : 60;
    return withNodes(1, {}, say, async (system) => {
      const options = { people: PEOPLE, speakers: SPEAKERS, seconds, allMaySpeak: true, say };
      return figuresOf(`${PEOPLE} people, ${SPEAKERS} speak`, seconds, await crowdCall(system, options));
    });
  },
};

/** What is lost, and how late the rest is. */
export function figuresOf(
  what: string,
  seconds: number,
  { wanted, heard, latencies }: CrowdCall,
): readonly Figure[] {
  const loss = 1 - heard / wanted;
  return [
    {
      name: `loss, ${what}`,
      unit: '%',
      ours: loss * 100,
      target: '< 0.1 %',
      met: loss < 0.001,
      note: `${heard.toLocaleString('en')} of ${wanted.toLocaleString('en')} packets in ${seconds} s`,
    },
    {
      name: `latency from mouth to socket, ${what}, p95`,
      unit: 'ms',
      ours: latencies.at(95),
      target: '< 150 ms',
      met: latencies.at(95) < 150,
      note: `p50 ${latencies.at(50).toFixed(2)}, p99 ${latencies.at(99).toFixed(2)} ms; speakers and listeners are in one process beside the nodes'`,
    },
  ];
}
