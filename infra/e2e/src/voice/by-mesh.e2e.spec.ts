import type { CallSession, Calls } from '@parley/client/voice/call-types';
import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallPerson } from './call-person.js';
import { type CallStage, openCallStage } from './call-stage.js';
import { fitsTiles } from './fits-tiles.js';
import type { PageEars } from './page-ears.js';
import { allHearAndSee, callOf, gapsWhile, goBy } from './people-in-call.js';

declare const calls: Calls;
declare const heard: PageEars;
declare global {
  var holes: number;
}

let stage: CallStage;
beforeAll(async () => {
  stage = await openCallStage(1, { VOICE_P2P_MAX: '3' });
});
afterEach(() => stage?.clear());
afterAll(() => stage?.close());

describe('a call from browser to browser', () => {
  it('has of each picture what fits its tile, and of one that nobody looks at nothing is sent', () =>
    fitsTiles(stage, 'p2p', 160));

  it('that goes by a node for a while keeps a picture that nobody looks at, and sends nothing of it', async () => {
    const { people, id, call } = await callOf(stage, 3, 1);
    const [ann, bob, cat] = people as [CallPerson, CallPerson, CallPerson];
    await bob.hearsAndSees([], [ann.user]);
    await bob.shows(ann.user, null);
    for (const each of [ann, bob]) await each.page.evaluate(delayPictures);
    await bob.page.evaluate(noteHoles, ann.user);
    await stage.join(id, 'u3');
    const dan = await stage.person('u3');
    await dan.join(id, call);
    await goBy([...people, dan], 'sfu');
    await waitFor(() => bob.page.evaluate(isByNodeAlone), { what: 'all to come by the node' });
    for (const other of [cat, dan]) await other.leave();
    await goBy([ann, bob], 'p2p');
    await waitFor(async () => !(await ann.films()), { what: 'nobody to be filmed for' });
    expect(await bob.page.evaluate(() => holes)).toBe(0);
    await bob.shows(ann.user, { width: 160, height: 120 });
    await bob.hearsAndSees([ann.user], [ann.user]);
  });
});

describe('whoever was away from a mesh for so long that they were taken out of it', () => {
  it('is heard and hears when they are back', async () => {
    const line = await openBreakableLine(stage.system.ws);
    const id = await stage.group('ann', 'bob');
    const [ann, bob] = [await stage.person('ann'), await stage.person('bob', line.url)];
    await bob.join(id, await ann.start(id));
    await allHearAndSee([ann, bob], 0);
    line.cut();
    await waitFor(async () => (await ann.call()).users.length === 1, {
      timeout: 60_000,
      what: 'bob to be taken out',
    });
    line.mend();
    await goBy([ann, bob], 'p2p');
    await waitFor(async () => (await ann.call()).users.length === 2, { what: 'bob to be back' });
    await allHearAndSee([ann, bob], 0);
    const gaps = await gapsWhile([ann, bob], async () => {
      const from = await ann.soundTime();
      await waitFor(async () => (await ann.soundTime()) > from + 12, { timeout: 60_000, what: 'a while' });
    });
    expect(gaps.filter(({ silenceMs }) => silenceMs > 3_000)).toEqual([]);
    line.close();
  });
});

/** By a node pictures go a second later than voices, from here and to here. */
function delayPictures(): void {
  const { createOffer, setRemoteDescription } = RTCPeerConnection.prototype as {
    createOffer(): Promise<RTCSessionDescriptionInit>;
    setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  };
  const late = (isPicture = false) => new Promise((resolve) => setTimeout(resolve, isPicture ? 1_000 : 0));
  Object.assign(RTCPeerConnection.prototype, {
    async createOffer(this: RTCPeerConnection) {
      await late(this.getSenders().some(({ track }) => track?.kind === 'video'));
      return createOffer.call(this);
    },
    async setRemoteDescription(this: RTCPeerConnection, description: RTCSessionDescriptionInit) {
      const { type, sdp } = description;
      await late(type === 'offer' && /^o=mediasoup-client.*^m=video/ms.test(sdp ?? ''));
      return setRemoteDescription.call(this, description);
    },
  });
}

/** Counts the changes of the call in which somebody films and there is no picture of theirs. */
function noteHoles(of: string): void {
  globalThis.holes = 0;
  const { state } = calls.current.snapshot() as CallSession;
  state.subscribe(() => {
    for (const { user, camera, tracks } of state.snapshot().tiles)
      if (user === of && camera && tracks.camera === undefined) globalThis.holes++;
  });
}

/** What is connected is connected with a node, one way and the other: it waits for checks of its paths (`ice-lite`), which no browser does. */
function isByNodeAlone(): boolean {
  const connected = heard.connections.filter(({ connectionState }) => connectionState === 'connected');
  const byNode = connected.filter((each) => each.remoteDescription?.sdp.includes('a=ice-lite'));
  return connected.length === 2 && byNode.length === 2;
}
