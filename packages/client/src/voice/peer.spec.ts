import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPeer, type Peer, SECTIONS } from './peer.js';

const voice = { id: 'voice', kind: 'audio' } as MediaStreamTrack;
let peer: Peer;

/** A sender that takes its time for another track. */
class Sender {
  track: MediaStreamTrack | null = null;
  async replaceTrack(track: MediaStreamTrack | null) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.track = track;
  }
  getParameters() {
    return { encodings: [] };
  }
}

class Connection {
  private readonly transceivers = SECTIONS.map(() => ({ sender: new Sender() }));
  getTransceivers() {
    return this.transceivers;
  }
  close() {}
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', Connection);
  peer = openPeer({
    iceServers: [],
    iceTransportPolicy: 'all',
    isPolite: false,
    begins: false,
    tell: () => undefined,
    onChange: () => undefined,
    onReplaced: () => undefined,
  });
});
afterEach(() => {
  peer.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('what is sent to another browser', () => {
  it('is what was wanted last, however quickly that was said', async () => {
    const sent = () => peer.transceiver('mic')?.sender.track;
    peer.send('mic', voice);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent()).toBe(voice);
    peer.send('mic', null);
    peer.send('mic', voice);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent()).toBe(voice);
    peer.send('mic', null);
    await vi.advanceTimersByTimeAsync(100);
    peer.send('mic', voice);
    peer.send('mic', null);
    await vi.advanceTimersByTimeAsync(100);
    expect(sent()).toBeNull();
  });
});
