import { setTimeout as sleep } from 'node:timers/promises';
import type { CallScene } from '@parley/e2e/voice/call-scene';
import { type Case, type Figure, median } from '../case.js';
import { withCalls } from '../voice/with-calls.js';

const LIMIT_MS = 500;

/** Between two rounds: a node lets one user change things for everybody some eleven joins' worth in ten seconds. */
const PAUSE_MS = 800;

/** From asking to be let in to the first packet of a voice, in a browser, with a microphone that this page may use already. */
export const voiceJoin: Case = {
  name: 'voice-join',
  about:
    'join a call in which somebody speaks: ms from asking to the first packet of their voice, by a mesh and by a node',
  async run({ quick, say }) {
    const rounds = quick ? 5 : 40;
    const mesh = await withCalls(4, say, (scene) => joins(scene, rounds, 'browser to browser', say));
    const node = await withCalls(0, say, (scene) => joins(scene, rounds, 'by a node', say));
    return [mesh, node];
  },
};

async function joins(
  scene: CallScene,
  rounds: number,
  way: string,
  say: (line: string) => void,
): Promise<Figure> {
  const [ann, bob] = [await scene.person('ann'), await scene.person('bob')];
  const id = await scene.group('ann', 'bob');
  const call = await ann.start(id);
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await bob.hearMyself());
    ours.push(await bob.joinUntilHeard(id, call));
    await bob.leave();
    await sleep(PAUSE_MS);
    say(`${way}: ${ours.at(-1)?.toFixed(0)} ms, within the page ${bare.at(-1)?.toFixed(0)} ms`);
  }
  const p95 = percentile(ours, 0.95);
  return {
    name: `join to first audible packet, ${way}, p95`,
    unit: 'ms',
    ours: p95,
    ceiling: percentile(bare, 0.95),
    ratio: median(ours.map((ms, round) => ms / (bare[round] as number))),
    target: `< ${LIMIT_MS} ms`,
    met: p95 < LIMIT_MS,
    note: `against two connections within the page, microphone included; median ${median(ours).toFixed(0)}, ${Math.min(...ours).toFixed(0)} to ${Math.max(...ours).toFixed(0)} over ${rounds}`,
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] as number;
}
