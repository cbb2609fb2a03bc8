import { MAX_P2P } from '@parley/domain/call/call';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CallStage, openCallStage } from './call-stage.js';
import { allHearAndSee, callOf, goBy } from './people-in-call.js';

let stage: CallStage;

beforeAll(async () => {
  stage = await openCallStage(0, { VOICE_P2P_MAX: String(MAX_P2P) });
});
afterAll(() => stage?.close());

it('of as many as a mesh may have needs no node, and each hears each other', async () => {
  const { people } = await callOf(stage, MAX_P2P, 0);
  await goBy(people, 'p2p');
  await allHearAndSee(people, 0);
  expect(await people[0]?.received()).toHaveLength(MAX_P2P - 1);
});
