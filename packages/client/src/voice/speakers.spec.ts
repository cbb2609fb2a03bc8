import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Received } from './media-path.js';
import { createSpeakers, type Speakers } from './speakers.js';

const ME = 5;
const BOB = 7;
const CAT = 8;
const LOUD = 0.3;
const QUIET = 0.01;

/** A voice that comes here: how loud it is where packets come, and the moment of the last of them. */
type Voice = { level: number | undefined; flows: boolean; isPaused: boolean; at: number };

let voices: Map<number, Voice>;
let myLevel: number | undefined;
let mic: { enabled: boolean };
let changes: number;
let speakers: Speakers;

/** A microphone's packets, which a node or another browser sends, from now on. */
function comes(participant: number, level: number | undefined): Voice {
  const voice = { level, flows: true, isPaused: false, at: 0 };
  voices.set(participant, voice);
  return voice;
}

const received = (): readonly Received[] =>
  [...voices].map(
    ([participant, voice]) =>
      ({
        participant,
        source: 'mic',
        isPaused: voice.isPaused,
        receiver: receiverOf(voice),
      }) as unknown as Received,
  );

const receivers = new WeakMap<Voice, object>();
function receiverOf(voice: Voice): object {
  const known = receivers.get(voice);
  if (known !== undefined) return known;
  const receiver = {
    getSynchronizationSources() {
      if (voice.flows) voice.at = Date.now();
      return [{ timestamp: voice.at, ...(voice.level === undefined ? {} : { audioLevel: voice.level }) }];
    },
  };
  receivers.set(voice, receiver);
  return receiver;
}

const who = (): readonly number[] => [ME, BOB, CAT].filter((each) => speakers.speaks(each));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  voices = new Map();
  myLevel = undefined;
  mic = { enabled: true };
  changes = 0;
  const sender = {
    track: mic,
    getStats: async () => new Map([['own', { type: 'media-source', audioLevel: myLevel }]]),
  };
  speakers = createSpeakers({
    paths: {
      shownTracks: received,
      connections: () => [{ getSenders: () => [sender] } as unknown as RTCPeerConnection],
    },
    media: { track: () => mic as MediaStreamTrack },
    me: () => ME,
    onChange: () => changes++,
  });
});
afterEach(() => {
  speakers.close();
  vi.useRealTimers();
});

describe('who speaks, by the levels that come with their packets', () => {
  it('is whoever is louder than a quiet room', async () => {
    comes(BOB, LOUD);
    comes(CAT, QUIET);
    await pass(300);
    expect(who()).toEqual([BOB]);
  });

  it('does not stop between two words, and does after them', async () => {
    const bob = comes(BOB, LOUD);
    await pass(300);
    bob.level = 0;
    await pass(400);
    expect(who()).toEqual([BOB]);
    bob.level = LOUD;
    await pass(400);
    bob.level = 0;
    await pass(400);
    expect(who()).toEqual([BOB]);
    await pass(600);
    expect(who()).toEqual([]);
  });

  it('is told once when they begin, and once when they stop', async () => {
    const bob = comes(BOB, LOUD);
    await pass(3_000);
    expect(changes).toBe(1);
    bob.level = 0;
    await pass(3_000);
    expect(changes).toBe(2);
  });

  it('stops when the packets do, whatever their last one was', async () => {
    const bob = comes(BOB, LOUD);
    await pass(300);
    bob.flows = false;
    await pass(1_200);
    expect(who()).toEqual([]);
  });

  it('am I, while my microphone is on', async () => {
    myLevel = LOUD;
    await pass(300);
    expect(who()).toEqual([ME]);
    mic.enabled = false;
    await pass(1_200);
    expect(who()).toEqual([]);
  });
});

describe('who speaks, by what a node says', () => {
  it('speaks until it says otherwise, for as long as nobody says anything', async () => {
    speakers.said([CAT, BOB]);
    expect(who()).toEqual([BOB, CAT]);
    await pass(3_000);
    expect(who()).toEqual([BOB, CAT]);
    speakers.said([BOB]);
    await pass(1_000);
    expect(who()).toEqual([BOB]);
    speakers.said([]);
    await pass(1_000);
    expect(who()).toEqual([]);
    expect(changes).toBe(3);
  });

  it('does not stop between two words', async () => {
    speakers.said([BOB]);
    speakers.said([]);
    await pass(300);
    expect(who()).toEqual([BOB]);
    speakers.said([BOB]);
    await pass(3_000);
    expect(who()).toEqual([BOB]);
  });

  it('does not speak for ever where the last word of the node was lost', async () => {
    speakers.said([BOB]);
    await pass(6_000);
    expect(who()).toEqual([]);
  });

  it('is who their level says where it comes here: a node counts what is quieter, too', async () => {
    myLevel = QUIET;
    comes(BOB, QUIET);
    await pass(300);
    speakers.said([ME, BOB, CAT]);
    expect(who()).toEqual([CAT]);
  });

  it('is who the node says where nothing of them comes here, or no level with it', async () => {
    comes(BOB, LOUD).isPaused = true;
    comes(CAT, undefined);
    await pass(300);
    expect(who()).toEqual([]);
    speakers.said([BOB, CAT, ME]);
    await pass(1_000);
    expect(who()).toEqual([ME, BOB, CAT]);
  });
});
