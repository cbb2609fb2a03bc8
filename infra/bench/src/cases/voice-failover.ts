import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from '@parley/infra/testing/children-of';
import { stayInCall } from '@parley/infra/testing/media/lasting-participant';
import { type Heard, joinRaw } from '@parley/infra/testing/media/raw-participant';
import { speakOn } from '@parley/infra/testing/media/speech';
import { openVoiceLine } from '@parley/infra/testing/media/voice-line';
import type { ServiceProcess } from '@parley/infra/testing/service-process';
import type { SystemProcesses } from '@parley/infra/testing/system-processes';
import type { Case, Figure } from '../case.js';
import { type Latencies, openLatencies } from '../percentiles.js';
import { addNode, groupOf, withNodes } from '../voice/with-nodes.js';

/** Calls of two: one speaks all the time, one listens. */
const CALLS = 4;

/** Bytes of a packet of opus at 32 kbit/s. */
const PAYLOAD = 80;

/** Milliseconds after which nobody uses the way any more by which they came before. */
const SETTLED_MS = 1_500;

/**
 * From `kill -9` of the node of a call until its listener hears what was said after it by way of another node: its media workers outlive it for a moment, and
 * what they still forward does not count. And from `kill -9` of a media worker, which dies at once, until what was said after it is heard. Each worker is the
 * first that its node loses, because one that dies again and again is replaced later each time: its node is killed next.
 */
export const voiceFailover: Case = {
  name: 'voice-failover',
  about: `workers and nodes are killed while ${CALLS} calls of two go on: from the kill to audio again at the listener`,
  async run({ quick, say }) {
    const kills = quick ? 3 : 20;
    return withNodes(0, { PARLEY_VOICE_WORKERS: '1' }, say, async (system) => {
      const nodes = new Map<string, ServiceProcess>();
      for (let n = 0; n < 2; n++) await addNodeTo(nodes, system);
      const calls = await Promise.all(Array.from({ length: CALLS }, (_, n) => openCall(system, n)));
      const [ofNodes, ofWorkers] = [openLatencies(), openLatencies()];
      let drained = { seconds: Number.NaN, silence: Number.NaN };
      try {
        await Promise.all(calls.map((call) => call.heardSince(performance.now())));
        for (let kill = 1; kill <= kills; kill++) {
          const node = calls[kill % CALLS]?.node() as string;
          const service = nodes.get(node) as ServiceProcess;
          const hit = () => calls.filter((call) => call.node() === node);
          const byWorker = await silenceAfter(() => killWorker(service), hit());
          await sleep(SETTLED_MS);
          const byNode = await silenceAfter(() => service.signal('SIGKILL'), hit(), node);
          for (const each of byWorker) ofWorkers.add(each);
          for (const each of byNode) ofNodes.add(each);
          say(`kill ${kill}: of the worker ${inMs(byWorker)}, of the node ${inMs(byNode)}`);
          nodes.delete(node);
          await addNodeTo(nodes, system);
        }
        say('and one is told to go');
        drained = await drain(calls, nodes);
      } finally {
        for (const call of calls) call.close();
      }
      return [
        failover('node', ofNodes, kills),
        failover('worker', ofWorkers, kills),
        {
          name: 'drain, longest silence of a call that is moved',
          unit: 'ms',
          ours: drained.silence,
          target: '< 500 ms',
          met: drained.silence < 500,
          note: `the node was gone after ${drained.seconds.toFixed(1)} s; its participants go to the next one first and leave it then`,
        },
      ];
    });
  },
};

const failover = (killed: 'node' | 'worker', times: Latencies, kills: number): Figure => ({
  name: `failover, ${killed} killed to audio again, p99 over ${kills} kills`,
  unit: 'ms',
  ours: times.at(99),
  target: '< 3000 ms',
  met: times.at(99) < 3_000,
  note: `p50 ${times.at(50).toFixed(0)}, worst ${times.at(100).toFixed(0)} ms, of calls that were on the killed ${killed}; clients, nodes and servers on one machine`,
});

/** Milliseconds from now on, in which this happens, until each of these calls hears again what is said. @param except the node that does not count */
async function silenceAfter(
  happens: () => void,
  calls: readonly BenchCall[],
  except?: string,
): Promise<readonly number[]> {
  const at = performance.now();
  happens();
  return Promise.all(calls.map(async (call) => (await call.heardSince(at, except)) - at));
}

function killWorker({ pid }: ServiceProcess): void {
  for (const worker of childrenOf(pid, 'mediasoup-worker')) process.kill(worker, 'SIGKILL');
}

const inMs = (times: readonly number[]): string => `${times.map((each) => Math.round(each)).join(', ')} ms`;

/** The node that has most calls is told to go. */
async function drain(
  calls: readonly BenchCall[],
  nodes: ReadonlyMap<string, ServiceProcess>,
): Promise<{ readonly seconds: number; readonly silence: number }> {
  const has = (node: string): number => calls.filter((call) => call.node() === node).length;
  const [node, service] = [...nodes].toSorted(([a], [b]) => has(b) - has(a))[0] as [string, ServiceProcess];
  const moving = calls.filter((call) => call.node() === node);
  const begin = performance.now();
  for (const call of moving) call.longestSilence();
  await service.end();
  const seconds = (performance.now() - begin) / 1_000;
  await Promise.all(moving.map((call) => call.heardSince(performance.now(), node)));
  return { seconds, silence: Math.max(...moving.map((call) => call.longestSilence())) };
}

async function addNodeTo(nodes: Map<string, ServiceProcess>, system: SystemProcesses): Promise<void> {
  const service = await addNode(system);
  nodes.set(service.info.node as string, service);
}

type BenchCall = Awaited<ReturnType<typeof openCall>>;

async function openCall(system: SystemProcesses, n: number) {
  const conversationId = `bench-failover-${n}`;
  const [speaker, listener] = [`speaker${n}`, `listener${n}`] as const;
  await groupOf(system, conversationId, [speaker, listener]);

  const sentAt = new Map<number, number>();
  const waiting = new Set<Waiting>();
  let [lastHeard, silence] = [performance.now(), 0];
  const enter = async (user: string, ongoing?: number, heard?: Heard) => {
    const line = await openVoiceLine(system.ws, await system.token(user));
    const place = await joinRaw(line, conversationId, ongoing);
    return { line, place, staying: await stayInCall(line, place, heard) };
  };
  const mouth = await enter(speaker);
  const ear = await enter(listener, mouth.place.call, ({ timestamp }, _, node) => {
    const at = sentAt.get(timestamp);
    if (at === undefined) return;
    const now = performance.now();
    silence = Math.max(silence, now - lastHeard);
    lastHeard = now;
    for (const each of waiting) {
      if (at < each.since || node === each.except) continue;
      waiting.delete(each);
      each.heard(now);
    }
  });
  const fallSilent = speakOn(Buffer.alloc(PAYLOAD, 1), (packet) => {
    sentAt.set(packet.timestamp, performance.now());
    mouth.staying.speak(packet);
  });

  return {
    node: () => ear.staying.now()?.node,
    /** When the first packet that was sent after `since` is heard, by another node than that one. */
    heardSince: (since: number, except?: string) =>
      new Promise<number>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${conversationId} is silent for 30 s`)), 30_000);
        const heard = (at: number): void => {
          clearTimeout(late);
          resolve(at);
        };
        waiting.add({ since, except, heard });
      }),
    /** In ms, since it was asked last. */
    longestSilence() {
      const longest = Math.max(silence, performance.now() - lastHeard);
      silence = 0;
      return longest;
    },
    close() {
      fallSilent();
      for (const { line, staying } of [mouth, ear]) void staying.close().finally(line.close);
    },
  };
}

type Waiting = {
  readonly since: number;
  readonly except: string | undefined;
  readonly heard: (at: number) => void;
};
