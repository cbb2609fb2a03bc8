import type { PeerSignal } from '@parley/domain/wire/voice';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusalError } from '../refusal-error.js';
import type { MediaPath } from './media-path.js';
import { openMesh } from './mesh.js';

const BOB = 5;
const large = { width: 640, height: 360 };
const small = { width: 160, height: 90 };

let told: PeerSignal[];
let refusal: RefusalError | undefined;
let mesh: MediaPath;

/** With another browser that has heard of this one. */
class Connection {
  readonly connectionState = 'connected';
  readonly remoteDescription = {};
  getTransceivers() {
    return [];
  }
  addTransceiver() {}
  async setLocalDescription() {}
  getConfiguration() {
    return {};
  }
  setConfiguration() {}
  close() {}
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', Connection);
  told = [];
  refusal = undefined;
  mesh = openMesh({
    participant: 7,
    access: { iceServers: [] },
    iceTransportPolicy: 'all',
    videoCodec: 'VP8',
    sends: () => true,
    async tell(_, signal) {
      if (refusal !== undefined) throw refusal;
      told.push(signal);
    },
    onChange: () => undefined,
    onFinished: () => undefined,
    onDown: () => undefined,
  });
  mesh.sync([BOB], true);
  mesh.signal(BOB, { type: 'needed', needed: true });
});
afterEach(() => {
  mesh.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const sizesTold = () => told.flatMap((signal) => (signal.type === 'shown' ? [signal.size] : []));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('how large a picture is shown in a mesh', () => {
  it('is told until it is, also where the line was cut and nobody has entered by the new one', async () => {
    mesh.shown(BOB, 'camera', null);
    await pass(10);
    refusal = new RefusalError('NotInCall');
    mesh.shown(BOB, 'camera', small);
    await pass(10);
    expect(sizesTold()).toEqual([null]);
    refusal = undefined;
    await pass(2_000);
    mesh.shown(BOB, 'camera', large);
    await pass(10);
    expect(sizesTold()).toEqual([null, small, large]);
  });

  it('is told again where it may have been lost', async () => {
    mesh.shown(BOB, 'camera', small);
    await pass(10);
    mesh.renew({ iceServers: [] });
    await pass(10);
    expect(sizesTold()).toEqual([small, small]);
  });
});
