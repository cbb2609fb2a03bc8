import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Way } from './call-machine.js';
import { type CallPaths, callPaths } from './call-paths.js';
import { SECTIONS } from './peer.js';

const ME = 7;
const BOB = 5;
const before: Way = { key: '7 p2p', topology: 'p2p' };
const next: Way = { key: '8 p2p', topology: 'p2p' };

let connections: Connection[];
let up: number[];
let paths: CallPaths;

/** A connection over which so many packets of the microphone have come; of one that none has come by the other side has not heard yet. */
class Connection {
  packets = 0;
  readonly connectionState = 'connected';
  readonly signalingState = 'stable';
  readonly localDescription = { type: 'offer', sdp: '' };
  private readonly transceivers = SECTIONS.map((source, index) => ({
    sender: { track: null },
    receiver: {
      track: { id: `${connections.length} ${source}`, kind: index % 3 === 0 ? 'audio' : 'video' },
    },
  }));

  constructor() {
    connections.push(this);
  }
  get remoteDescription() {
    return this.packets === 0 ? null : {};
  }
  getTransceivers() {
    return this.transceivers;
  }
  async setLocalDescription() {}
  async getStats() {
    const [mic] = this.transceivers;
    const trackIdentifier = mic?.receiver.track.id;
    const { packets } = this;
    const heard = { packetsReceived: packets, jitterBufferEmittedCount: packets * 960 };
    return new Map([['in', { type: 'inbound-rtp', trackIdentifier, ...heard }]]);
  }
  close() {}
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', Connection);
  connections = [];
  up = [];
  paths = callPaths({
    me: () => ME,
    others: () => [BOB],
    sends: (_, source) => source === 'mic',
    isMuted: () => false,
    relayOnly: false,
    videoCodec: 'VP8',
    tell: async () => undefined,
    access: () => ({ iceServers: [] }),
    line: () => async () => ({}) as never,
    onUp: (path) => up.push(path),
    onDown: () => undefined,
    onFinished: () => undefined,
    onChange: () => undefined,
  });
});
afterEach(() => {
  paths.closeAll();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Bob was heard by the way that carries the call, and another one is built. */
async function change(): Promise<readonly [old: Connection, made: Connection]> {
  paths.open(1, before);
  const [old] = connections as [Connection];
  old.packets = 500;
  await vi.advanceTimersByTimeAsync(100);
  paths.open(2, next);
  return connections as [Connection, Connection];
}

describe('a new way', () => {
  it('is up when what came by the old one comes by it', async () => {
    const [, made] = await change();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(up).toEqual([1]);
    made.packets = 100;
    await vi.advanceTimersByTimeAsync(200);
    expect(up).toEqual([1, 2]);
  });

  it('is not waited for to carry a voice that is sent by the old one no more', async () => {
    await change();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(up).toEqual([1, 2]);
  });

  it('is waited for as long as a voice that it lacks comes by the old one, be it silent', async () => {
    const [old] = await change();
    for (let packet = 0; packet < 20; packet++) {
      old.packets++;
      await vi.advanceTimersByTimeAsync(400);
    }
    expect(up).toEqual([1]);
  });
});
