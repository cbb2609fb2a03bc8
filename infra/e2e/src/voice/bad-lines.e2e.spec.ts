import { startTurnServer } from '@parley/gateway/testing/turn-server';
import { type LossyWay, openLossyWay } from '@parley/infra/testing/media/lossy-way';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CallStage, openCallStage } from './call-stage.js';
import { allHearAndSee, callOf } from './people-in-call.js';

const SECRET = 'the-secret-of-this-spec-alone';

/** Where the node receives media, where it says that it does, and its port: between the two is the line. */
const BEHIND = '127.0.0.2';
const ANNOUNCED = '127.0.0.3';
const PORT = 50_000 + Math.floor(Math.random() * 9_000);

let turn: Awaited<ReturnType<typeof startTurnServer>>;
let way: LossyWay;
let stage: CallStage;
beforeAll(async () => {
  turn = await startTurnServer(SECRET);
  way = await openLossyWay({ address: BEHIND, port: PORT }, { address: ANNOUNCED, port: PORT });
  stage = await openCallStage(1, {
    VOICE_P2P_MAX: '2',
    PARLEY_TURN_URLS: `turn:127.0.0.1:${turn.port}`,
    PARLEY_TURN_SECRET: SECRET,
    PARLEY_VOICE_LISTEN: BEHIND,
    PARLEY_VOICE_ADDRESS: ANNOUNCED,
    PARLEY_VOICE_WORKERS: '1',
    PARLEY_VOICE_PORT_MIN: String(PORT),
    PARLEY_VOICE_PORT_MAX: String(PORT),
  });
});
afterEach(async () => {
  way?.lose(0);
  await stage?.clear();
});
afterAll(async () => {
  await stage?.close();
  way?.close();
  await turn?.stop();
});

describe('who may be reached by a TURN server alone', () => {
  it.each([
    [2, 'p2p'],
    [3, 'sfu'],
  ] as const)('is heard and seen in a call of %i, by %s', async (count, topology) => {
    const { people } = await callOf(stage, count, count, { relayOnly: true });
    await allHearAndSee(people);
    for (const each of people) {
      expect((await each.call()).topology).toBe(topology);
      const kinds = await each.localCandidates();
      expect(kinds.length).toBeGreaterThan(0);
      // The line to the node gives the relay another address, which makes it peer reflexive (RFC 8445, 7.3.1.3): a browser's own is none of these.
      expect(kinds.filter((kind) => kind !== 'relay' && kind !== 'prflx')).toStrictEqual([]);
    }
  });
});

describe('a line that loses', () => {
  it('a packet of twenty costs nobody a voice or a picture', async () => {
    const { people } = await callOf(stage, 3);
    await allHearAndSee(people);
    way.lose(0.05);
    const before = way.lost;
    await allHearAndSee(people);
    await waitFor(() => way.lost - before > 100, { what: 'something to be lost' });
    await allHearAndSee(people);
    for (const each of people) expect((await each.call()).phase).toBe('connected');
  });
});
