import { randomUUID } from 'node:crypto';
import { askApi } from '@parley/infra/testing/ask-api';
import { enterCrowd } from '@parley/infra/testing/media/crowd';
import { speakOn } from '@parley/infra/testing/media/speech';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { testWorker } from '@parley/sfu/testing/test-worker';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { hangUp, hearEachOther, talking } from './talking.js';

/** Participants that a node takes, of three nodes: those past it are on edges. */
const COMFORTABLE = 7;
const PEOPLE = 3 * COMFORTABLE;

let environment: TestEnvironment;
beforeAll(async () => {
  environment = await testEnvironment();
});
afterAll(() => environment?.dispose());

/** The system with these nodes, until the test is over. @param comfortable participants that each takes */
async function startNodes(count: number, comfortable: number): Promise<SystemProcesses> {
  const system = await startSystem(environment, [], undefined, {
    PARLEY_MEDIASOUP_WORKER: testWorker.workerBin,
    PARLEY_VOICE_WORKERS: '1',
    PARLEY_VOICE_COMFORTABLE: `${comfortable}`,
    VOICE_P2P_MAX: '0',
  });
  onTestFinished(() => system.stop());
  for (let n = 0; n < count; n++) await system.add('sfu');
  return system;
}

it('brings who speaks on one node to everybody on that and two others, and back', {
  timeout: 90_000,
}, async () => {
  const system = await startNodes(3, COMFORTABLE);
  const conversationId = randomUUID();
  const users = Array.from({ length: PEOPLE }, (_, n) => `listener${n}`);
  const created = await askApi(system, 'POST', '/v1/conversations', {
    body: { conversationId, kind: 'group', members: users },
  });
  expect(created.status).toBe(200);
  const heard = new Map<number, Set<number>>();
  const crowd = await enterCrowd(system, conversationId, users, {
    heardBy(participant) {
      const from = new Set<number>();
      heard.set(participant, from);
      return (_, who) => from.add(who);
    },
    speaks: (index) => index === 0 || index === PEOPLE - 1,
  });
  const { people } = crowd;
  expect(new Set(people.map(({ node }) => node)).size).toBe(3);
  // One on the core, and one on the edge that came last.
  const speakers = [people[0], people.at(-1)].flatMap((each) => each ?? []);
  const fallSilent = speakOn(Buffer.alloc(80, 1), (packet) => {
    for (const { speak } of speakers) speak(packet);
  });
  try {
    for (const { participant: speaker } of speakers)
      await waitFor(
        () =>
          people.every(({ participant }) => participant === speaker || heard.get(participant)?.has(speaker)),
        { what: `${speaker} to be heard by all`, timeout: 20_000 },
      );
  } finally {
    fallSilent();
    await crowd.close();
  }
});

it('goes on for everybody when an edge of a call is killed, and when its core is', {
  timeout: 90_000,
}, async () => {
  const system = await startNodes(4, 2);
  const { talkers } = await talking(system, 'ann', 'bob', 'cem', 'dan', 'eve', 'fay');
  const placesOf = () => talkers.map((talker) => talker.now()?.node as string);
  const [core, edge] = [...new Set(placesOf())] as [string, string];
  expect(new Set(placesOf()).size).toBe(3);
  const fencesOf = () => [...new Set(talkers.map((talker) => talker.now()?.fence ?? 0))];
  const [fence, ...others] = fencesOf() as [number, ...number[]];
  expect(others).toEqual([]);

  await kill(edge);
  expect(placesOf()[0]).toBe(core);
  expect(fencesOf()).toEqual([fence]);
  await kill(core);
  await waitFor(() => fencesOf().length === 1, { what: 'everybody to be in one placement' });
  expect(fencesOf()[0]).toBeGreaterThan(fence);
  await hearEachOther(talkers);
  await hangUp(talkers);

  async function kill(node: string): Promise<void> {
    await system.services
      .get('sfu')
      ?.find(({ info }) => info.node === node)
      ?.end('SIGKILL');
    await waitFor(() => !placesOf().includes(node), {
      what: 'everybody to be at other nodes',
      timeout: 30_000,
    });
    // Who was on the others hears them by another way, too.
    await hearEachOther(talkers);
  }
});
