import { randomUUID } from 'node:crypto';
import { askApi } from '@parley/infra/testing/ask-api';
import {
  enterRaw,
  joinRaw,
  PACKET_MS,
  PACKET_TICKS,
  type RawParticipant,
} from '@parley/infra/testing/media/raw-participant';
import { openVoiceLine, type VoiceLine } from '@parley/infra/testing/media/voice-line';
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
  let call: number | undefined;
  const heard = new Map<number, Set<number>>();
  const people: (RawParticipant & { readonly line: VoiceLine })[] = [];
  for (const user of users) {
    const line = await openVoiceLine(system.ws, await system.token(user));
    const place = await joinRaw(line, conversationId, call);
    call ??= place.call;
    const from = new Set<number>();
    heard.set(place.participant, from);
    const speaks = user === users[0] || user === users.at(-1);
    people.push({ line, ...(await enterRaw(line, place, (_, who) => from.add(who), speaks)) });
  }
  const nodes = new Map(people.map(({ node }) => [node, 0]));
  expect(nodes.size).toBe(3);
  let sequence = 0;
  // One on the core, and one on the edge that came last.
  const speakers = [people[0], people.at(-1)].flatMap((each) => each ?? []);
  const speaking = setInterval(() => {
    sequence++;
    for (const { speak } of speakers)
      speak({ sequence, timestamp: sequence * PACKET_TICKS, payload: Buffer.alloc(80, 1) });
  }, PACKET_MS);
  try {
    for (const { participant: speaker } of speakers)
      await waitFor(
        () =>
          people.every(({ participant }) => participant === speaker || heard.get(participant)?.has(speaker)),
        { what: `${speaker} to be heard by all`, timeout: 20_000 },
      );
  } finally {
    clearInterval(speaking);
    for (const { line, close } of people) {
      await close();
      line.close();
    }
  }
});
