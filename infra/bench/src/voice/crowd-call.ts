import { setTimeout as sleep } from 'node:timers/promises';
import { enterCrowd } from '@parley/infra/testing/media/crowd';
import { PACKET_MS, PACKET_TICKS } from '@parley/infra/testing/media/raw-participant';
import type { SystemProcesses } from '@parley/infra/testing/system-processes';
import { type Latencies, openLatencies } from '../percentiles.js';
import { groupOf } from './with-nodes.js';

/** Bytes of a packet of opus at 32 kbit/s. */
const PAYLOAD = 80;

export type CrowdCall = {
  /** Packets that should have been heard, and were. */
  readonly wanted: number;
  readonly heard: number;
  /** From a speaker's send to a listener's socket, all in one process. */
  readonly latencies: Latencies;
  /** How many people each node has. */
  readonly nodes: ReadonlyMap<string, number>;
};

export type CrowdOptions = {
  readonly people: number;
  /** Those who came first speak. */
  readonly speakers: number;
  readonly seconds: number;
  /** Whether those who do not speak have a microphone all the same. */
  readonly allMaySpeak: boolean;
  readonly say: (line: string) => void;
};

/** Has so many people enter one call, one after the other, and some of them speak. */
export async function crowdCall(
  system: SystemProcesses,
  { people, speakers, seconds, allMaySpeak, say }: CrowdOptions,
): Promise<CrowdCall> {
  const conversationId = 'bench-crowd';
  const users = Array.from({ length: people }, (_, index) => `u${index}`);
  await groupOf(system, conversationId, users);
  const latencies = openLatencies();
  const sentAt = new Map<string, number>();
  let heard = 0;
  const crowd = await enterCrowd(system, conversationId, users, {
    // A node numbers packets anew for each listener; their times stay.
    heardBy:
      () =>
      ({ timestamp }, from) => {
        const at = sentAt.get(`${from}/${timestamp}`);
        if (at === undefined) return;
        heard++;
        latencies.add(performance.now() - at);
      },
    speaks: (index) => allMaySpeak || index < speakers,
    onEntered: (count) => {
      if (count % 25 === 0) say(`${count} of ${people} are in`);
    },
  });
  await sleep(1_000);
  const packets = (seconds * 1_000) / PACKET_MS;
  const begin = performance.now();
  for (let sequence = 0; sequence < packets; sequence++) {
    const timestamp = sequence * PACKET_TICKS;
    for (const speaker of crowd.people.slice(0, speakers)) {
      sentAt.set(`${speaker.participant}/${timestamp}`, performance.now());
      speaker.speak({ sequence, timestamp, payload: Buffer.alloc(PAYLOAD, sequence) });
    }
    await sleep(Math.max(0, begin + (sequence + 1) * PACKET_MS - performance.now()));
  }
  await sleep(500);
  const nodes = new Map<string, number>();
  for (const { node } of crowd.people) nodes.set(node, (nodes.get(node) ?? 0) + 1);
  await crowd.close();
  return { wanted: packets * speakers * (people - 1), heard, latencies, nodes };
}
