import type { CallSession, Calls } from '@parley/client/voice/call-types';
import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallPerson } from './call-person.js';
import { type CallStage, openCallStage } from './call-stage.js';
import { fitsTiles } from './fits-tiles.js';
import type { PageEars } from './page-ears.js';
import { allHearAndSee, callOf, gapsWhile, goBy } from './people-in-call.js';
import { sendsOpus } from './sends-opus.js';

declare const calls: Calls;
declare const heard: PageEars;
declare global {
  var holes: number;
  var line: RTCPeerConnection;
}

let stage: CallStage;
beforeAll(async () => {
  stage = await openCallStage(1, { VOICE_P2P_MAX: '3' });
});
afterEach(() => stage?.clear());
afterAll(() => stage?.close());

describe('a call from browser to browser', () => {
  it('is spoken in with a voice that corrects losses, and that is hardly sent while its speaker is silent', () =>
    sendsOpus(stage));

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

describe('whoever is banned from a mesh, and whose page keeps what it had', () => {
  it('is sent nothing more by the others, and is heard by them no more', async () => {
    const { people, id } = await callOf(stage, 3, 0);
    const [ann, bob, cat] = people as [CallPerson, CallPerson, CallPerson];
    const others = [ann, cat];
    await allHearAndSee(people, 0);
    await bob.page.evaluate(keepAll);
    for (const each of others) await each.page.evaluate(noteLineTo, bob.user);
    await stage.ban(id, bob.user);
    await waitFor(async () => (await bob.call()).why === 'removed', { what: 'bob to be told' });
    const lines = () => Promise.all(others.map(({ page }) => page.evaluate(notedLine)));
    const closed = { state: 'closed', streams: 0, receives: false };
    await waitFor(async () => (await lines()).every(({ state }) => state === closed.state), {
      what: 'the others to close their connections to bob',
    });
    expect(await lines()).toEqual([closed, closed]);
    // What was under way by then has come.
    const received = await receivedAfterSending(bob, 25);
    expect(received).toHaveLength(2);
    expect(await receivedAfterSending(bob, 100)).toEqual(received);
    await allHearAndSee(others, 0);
    expect(await lines()).toEqual([closed, closed]);
    for (const each of others) expect((await each.call()).users).toEqual([ann.user, cat.user]);
  });
});

/** What has come by each connection of somebody, once they have sent so many more packets of voice by each. */
async function receivedAfterSending({ user, page }: CallPerson, count: number): Promise<number[]> {
  const before = await page.evaluate(voicePackets);
  let now = before;
  await waitFor(
    async () => {
      now = await page.evaluate(voicePackets);
      return now.every(({ sent }, n) => sent >= (before[n]?.sent ?? 0) + count);
    },
    { timeout: 60_000, what: `${user} to send on` },
  );
  return now.map(({ received }) => received);
}

/** The page of somebody who does not care that they are out: what it has stays open, and its microphone on. */
function keepAll(): void {
  RTCPeerConnection.prototype.close = () => undefined;
  MediaStreamTrack.prototype.stop = () => undefined;
}

/** Notes which connection goes to somebody. */
function noteLineTo(other: string): void {
  const { tiles } = (calls.current.snapshot() as CallSession).state.snapshot();
  const voice = tiles.find(({ user }) => user === other)?.tracks.mic;
  globalThis.line = heard.connections.find((each) =>
    each.getReceivers().some(({ track }) => track === voice),
  ) as RTCPeerConnection;
}

/** The one that was noted, and whether anything is sent or can be heard by it. */
async function notedLine() {
  let streams = 0;
  (await line.getStats()).forEach(({ type }) => {
    if (type === 'inbound-rtp' || type === 'outbound-rtp') streams++;
  });
  const receives = line.getReceivers().some(({ track }) => track.readyState === 'live');
  return { state: line.connectionState, streams, receives };
}

/** Packets of voice that each connection of the page has sent and received. */
async function voicePackets() {
  const reports = await Promise.all(heard.connections.map((each) => each.getStats()));
  return reports.map((report) => {
    let [sent, received] = [0, 0];
    report.forEach((each) => {
      if (each.kind !== 'audio') return;
      if (each.type === 'outbound-rtp') sent += each.packetsSent;
      if (each.type === 'inbound-rtp') received += each.packetsReceived;
    });
    return { sent, received };
  });
}

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
