import { startTurnServer } from '@parley/gateway/testing/turn-server';
import { type LossyWay, openLossyWay } from '@parley/infra/testing/media/lossy-way';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallPerson } from './call-person.js';
import { type CallStage, openCallStage } from './call-stage.js';
import { allHearAndSee, callOf, goBy } from './people-in-call.js';

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
  way?.carry(Number.POSITIVE_INFINITY);
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

describe('a line that carries little', () => {
  it('is sent a smaller picture beside the voices, and the whole one when it carries more', async () => {
    const id = await stage.group('ann', 'bob', 'cat');
    const [ann, bob, cat] = [await stage.person('ann'), await stage.person('bob'), await stage.person('cat')];
    await ann.page.evaluate(filmMuch);
    const call = await ann.start(id, true);
    await bob.join(id, call);
    await cat.join(id, call);
    await goBy([ann, bob, cat], 'sfu');
    await bob.shows('ann', { width: 1_280, height: 720 });
    await sees(bob, 'the whole of ann', (width) => width === 1_280);

    way.carry(500_000);
    await sees(bob, 'less of ann', (width) => width > 0 && width < 1_280);
    await bob.hearsAndSees(['ann', 'cat'], ['ann']);
    expect((await bob.pictureWidths()).ann).toBeLessThan(1_280);

    way.carry(Number.POSITIVE_INFINITY);
    await sees(bob, 'the whole of ann again', (width) => width === 1_280);
    await bob.hearsAndSees(['ann', 'cat'], ['ann']);
  });
});

/** Waits until ann's picture has come so wide. */
async function sees(person: CallPerson, what: string, is: (width: number) => boolean): Promise<void> {
  await waitFor(async () => is((await person.pictureWidths()).ann ?? 0), { what, timeout: 80_000 });
}

/**
 * In the page: its camera is 1280 × 720, and shows so much that changes that each layer takes what it may. Where its browser is short of time or bits it gives up frames,
 * not its size: what comes smaller is what the node has chosen.
 */
function filmMuch(): void {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1_280, height: 720 });
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  setInterval(() => {
    context.fillStyle = '#444';
    context.fillRect(0, 0, 1_280, 720);
    for (let n = 0; n < 30; n++) {
      const [x = 0, y = 0, hue = 0] = Array.from({ length: 3 }, Math.random);
      context.fillStyle = `hsl(${hue * 360} 60% 50%)`;
      context.fillRect(x * 1_280, y * 720, 80, 60);
    }
  }, 100);
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (!wanted?.video) return native(wanted);
    const film = canvas.captureStream(10);
    for (const track of film.getVideoTracks()) track.contentHint = 'detail';
    return film;
  };
}
