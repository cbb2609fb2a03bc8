import { randomUUID } from 'node:crypto';
import { askApi } from '@parley/infra/testing/ask-api';
import { enterCrowd } from '@parley/infra/testing/media/crowd';
import { speakOn } from '@parley/infra/testing/media/speech';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { testWorker } from '@parley/sfu/testing/test-worker';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Participants that a node takes, of three nodes: those past it are on edges. */
const COMFORTABLE = 7;
const PEOPLE = 3 * COMFORTABLE;

let environment: TestEnvironment;
let system: SystemProcesses;
beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment, [], undefined, {
    PARLEY_MEDIASOUP_WORKER: testWorker.workerBin,
    PARLEY_VOICE_WORKERS: '1',
    PARLEY_VOICE_COMFORTABLE: `${COMFORTABLE}`,
    VOICE_P2P_MAX: '0',
  });
  for (let n = 0; n < 3; n++) await system.add('sfu');
});
afterAll(async () => {
  await system?.stop();
  await environment?.dispose();
});

it('brings who speaks on one node to everybody on that and two others, and back', {
  timeout: 90_000,
}, async () => {
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
