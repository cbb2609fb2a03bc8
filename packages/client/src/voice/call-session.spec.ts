import type { Call, Topology } from '@parley/domain/call/call';
import { callOf } from '@parley/domain/call/ongoing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientEvents } from '../client-events.js';
import { createListeners } from '../listeners.js';
import type { ParleyClient } from '../parley-client.js';
import type { AskVoice } from './ask-voice.js';
import type { CallBook, CallChange } from './call-book.js';
import { createCallSession, type OwnCallSession } from './call-session.js';
import type { CallOptions } from './call-types.js';
import type { OwnMedia } from './own-media.js';

const place = { conversationId: 'c', call: 5 };
const ON = { mic: true, camera: true, screen: false, deafened: false };

let session: OwnCallSession;
let now: Call;
/** What the browser is asked for, and what allows it. */
let micAsked: boolean[];
let allow: (() => void)[];
let happens: (change: CallChange) => void;
let events: ReturnType<typeof createListeners<ClientEvents>>;

/** Ann in a call with bob, which no gateway lets her into yet. */
function begin(topology: Topology, options: CallOptions = {}): void {
  micAsked = [];
  allow = [];
  events = createListeners<ClientEvents>();
  const ann = { participant: 5, user: 'ann', device: 'd', at: 5 };
  const bob = { participant: 6, user: 'bob', device: 'd', at: 6 };
  now = callOf({
    call: 5,
    media: 'video',
    by: 'ann',
    at: 5,
    p2pMax: 4,
    topology,
    participants: [ann, bob],
    muted: [],
    broadcast: null,
  });
  session = createCallSession({
    client: {
      user: 'ann',
      device: 'd',
      now: () => 10,
      on: events.on,
      call: async () => ({}),
    } as unknown as ParleyClient,
    ask: (() => new Promise(() => undefined)) as unknown as AskVoice,
    book: {
      of: () => undefined,
      onChange(listener: typeof happens) {
        happens = listener;
        return () => undefined;
      },
    } as unknown as CallBook,
    conversationId: 'c',
    call: now,
    participant: 5,
    media: {
      track: () => null,
      close: () => undefined,
      setMic(on: boolean) {
        micAsked.push(on);
        return on ? new Promise<void>((resolve) => allow.push(resolve)) : Promise.resolve();
      },
    } as unknown as OwnMedia,
    options,
  });
}

/** The log says that this of the call is broadcast from now on. */
function broadcast(source: Call['broadcast']): void {
  const before = now;
  now = { ...now, broadcast: source };
  happens({ conversationId: 'c', before, now, revision: 7, event: undefined });
}

afterEach(() => session.leave());

describe('a broadcast that its node refuses', () => {
  const refused = () => session.state.snapshot().broadcastRefused;
  const told = (why: string | null, source: 'mix' | 'screen' = 'mix') =>
    session.notice({ name: 'voice.broadcast', value: { ...place, source, refused: why } });

  it('is known also where the node was faster than the event that it is about', () => {
    begin('sfu');
    told('no ffmpeg');
    expect(refused()).toBeUndefined();
    broadcast('mix');
    expect(refused()).toBe('no ffmpeg');
  });

  it('is forgotten with that broadcast, and when the node makes it after all', () => {
    begin('sfu');
    broadcast('mix');
    told('no ffmpeg');
    broadcast('screen');
    expect(refused()).toBeUndefined();
    told('no ffmpeg', 'screen');
    expect(refused()).toBe('no ffmpeg');
    told(null, 'screen');
    expect(refused()).toBeUndefined();
    told('no ffmpeg', 'screen');
    broadcast(null);
    broadcast('screen');
    expect(refused()).toBeUndefined();
  });
});

describe('a microphone that the browser is slow to give', () => {
  const isOn = () => session.state.snapshot().tiles.find(({ isMe }) => isMe)?.mic;
  beforeEach(() => begin('p2p', { mic: false }));

  it('is on when it is there', async () => {
    const on = session.setMic(true);
    expect(isOn()).toBe(false);
    allow[0]?.();
    await on;
    expect(isOn()).toBe(true);
  });

  it('stays off for who has turned it off meanwhile, as one does who need not hold a button any more', async () => {
    session.setPushToTalk(true);
    const on = session.setMic(true);
    void session.setMic(false);
    session.setPushToTalk(false);
    allow[0]?.();
    await on;
    expect(isOn()).toBe(false);
    expect(micAsked).toEqual([true, false]);
  });

  it('is off at once for who turns it off', async () => {
    const on = session.setMic(true);
    allow[0]?.();
    await on;
    void session.setMic(false);
    expect(isOn()).toBe(false);
  });

  it('is on for who has turned it off and on again meanwhile', async () => {
    const wishes = [session.setMic(true), session.setMic(false), session.setMic(true)];
    for (const each of allow) each();
    await Promise.all(wishes);
    expect(isOn()).toBe(true);
  });
});

const bobFilms = () => session.state.snapshot().tiles.find(({ user }) => user === 'bob')?.camera;

describe('what somebody says that they have on', () => {
  it.each([
    ['is forgotten by a node, where it may be off by now and tracks say what is sent', 'sfu', false],
    ['stands in a mesh, where who enters again is told whatever it is by now', 'p2p', true],
  ] as const)('%s', (_, topology, isKept) => {
    begin(topology);
    session.notice({ name: 'voice.state', value: { ...place, participant: 6, state: ON } });
    expect(bobFilms()).toBe(true);
    events.emit('state', { tag: 'waiting', failures: 0, retryAt: 0 } as never);
    expect(bobFilms()).toBe(true);
    events.emit('state', { tag: 'open', failures: 0 });
    expect(bobFilms()).toBe(isKept);
  });

  it('stands by a node where the connection stands, and says that it does', () => {
    begin('sfu');
    session.notice({ name: 'voice.state', value: { ...place, participant: 6, state: ON } });
    // As it does when it has been open for a while.
    events.emit('state', { tag: 'open', failures: 0 });
    expect(bobFilms()).toBe(true);
  });
});
