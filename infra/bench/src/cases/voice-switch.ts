import type { CallPerson } from '@parley/e2e/voice/call-person';
import type { CallScene } from '@parley/e2e/voice/call-scene';
import type { Gap } from '@parley/e2e/voice/page-ears';
import { allHearAndSee, gapsWhile, goBy } from '@parley/e2e/voice/people-in-call';
import { type Case, type Figure, median } from '../case.js';
import { withCalls } from '../voice/with-calls.js';

const LIMIT_MS = 500;

/** Four talk as a mesh, a fifth moves everybody to a node, two leave and move the rest back: how long nothing of somebody is heard meanwhile. */
export const voiceSwitch: Case = {
  name: 'voice-switch',
  about: 'from a mesh to a node and back: the longest silence of each of three who stay, at each other one',
  async run({ quick, say }) {
    const rounds = quick ? 1 : 8;
    return withCalls(4, say, async (scene) => {
      const there: Gap[] = [];
      const back: Gap[] = [];
      for (let round = 0; round < rounds; round++) {
        const gaps = await thereAndBack(scene, round);
        there.push(...gaps.there);
        back.push(...gaps.back);
        say(`there ${worst(gaps.there)} ms, back ${worst(gaps.back)} ms`);
        await scene.clear();
      }
      return [figure('a mesh to a node', there), figure('a node to a mesh', back)];
    });
  },
};

async function thereAndBack(scene: CallScene, round: number): Promise<{ there: Gap[]; back: Gap[] }> {
  const users = Array.from({ length: 5 }, (_, n) => `u${round}-${n}`);
  const id = await scene.group(...users);
  const people = await Promise.all(users.map((user) => scene.person(user)));
  const [ann, bob, cid, dan, eve] = people as [CallPerson, CallPerson, CallPerson, CallPerson, CallPerson];
  const stay = [ann, bob, cid];
  const call = await ann.start(id);
  for (const each of [bob, cid, dan]) await each.join(id, call);
  await goBy([...stay, dan], 'p2p');
  await allHearAndSee(stay, 0);
  const there = await gapsWhile(stay, async () => {
    await eve.join(id, call);
    await goBy(people, 'sfu');
    await allHearAndSee(stay, 0);
  });
  const back = await gapsWhile(stay, async () => {
    await Promise.all([dan.leave(), eve.leave()]);
    await goBy(stay, 'p2p');
    await allHearAndSee(stay, 0);
  });
  return { there, back };
}

const worst = (gaps: readonly Gap[]): number => Math.max(...gaps.map(({ silenceMs }) => silenceMs));

function figure(way: string, gaps: readonly Gap[]): Figure {
  const ms = worst(gaps);
  const all = gaps.map(({ silenceMs }) => silenceMs);
  return {
    name: `longest silence, from ${way}`,
    unit: 'ms',
    ours: ms,
    target: `< ${LIMIT_MS} ms`,
    met: ms < LIMIT_MS,
    note: `as it is played; median ${median(all)} of ${all.length} pairs`,
  };
}
