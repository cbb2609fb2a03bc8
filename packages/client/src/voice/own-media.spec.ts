import type { TrackSource } from '@parley/domain/wire/voice';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOwnMedia, type OwnMedia } from './own-media.js';

/** What the browser is asked, and what is answered to it. */
type Asked = {
  readonly deviceId: unknown;
  readonly allow: () => FakeTrack[];
  readonly deny: () => void;
};
type FakeTrack = { readonly kind: string; contentHint: string; enabled: boolean; stop(): void };

let asked: Asked[];
let told: string[];
let media: OwnMedia;

beforeEach(() => {
  asked = [];
  told = [];
  const ask = (constraints: MediaStreamConstraints): Promise<MediaStream> =>
    new Promise((resolve, reject) =>
      asked.push({
        deviceId: deviceOf(constraints),
        allow() {
          const tracks = (['audio', 'video'] as const).filter((kind) => constraints[kind]).map(fakeTrack);
          resolve(streamOf(tracks));
          return tracks;
        },
        deny: () => reject(new DOMException('no', 'NotAllowedError')),
      }),
    );
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: ask, getDisplayMedia: ask } });
  media = createOwnMedia({}, (source, track) => told.push(`${source} ${track === null ? 'off' : 'on'}`));
});
afterEach(() => {
  media.close();
  vi.unstubAllGlobals();
});

const deviceOf = ({ audio, video }: MediaStreamConstraints): unknown => {
  const { deviceId } = (audio ?? video) as MediaTrackConstraints;
  return (deviceId as ConstrainDOMStringParameters | undefined)?.exact;
};
const fakeTrack = (kind: string): FakeTrack => ({ kind, contentHint: '', enabled: true, stop: vi.fn() });
const streamOf = (tracks: readonly FakeTrack[]): MediaStream => {
  const of = (wanted: string) => () => tracks.filter(({ kind }) => kind === wanted);
  return {
    getTracks: () => tracks,
    getVideoTracks: of('video'),
    getAudioTracks: of('audio'),
  } as unknown as MediaStream;
};
const isStopped = ({ stop }: FakeTrack): boolean => vi.mocked(stop).mock.calls.length > 0;

const turns: Readonly<Record<'mic' | 'camera' | 'screen', (on: boolean) => Promise<void>>> = {
  mic: (on) => media.setMic(on),
  camera: (on) => media.setCamera(on),
  screen: (on) => media.setScreen(on),
};

describe.each(['mic', 'camera', 'screen'] as const)('a %s that the browser asks for', (source) => {
  const turn = turns[source];
  const isOn = () => media.track(source as TrackSource) !== null;

  it('is on when it is allowed', async () => {
    const on = turn(true);
    const tracks = asked[0]?.allow() ?? [];
    await on;
    expect(isOn()).toBe(true);
    expect(tracks.some(isStopped)).toBe(false);
  });

  it('stays off where it was turned off meanwhile, and what comes is let go of', async () => {
    const on = turn(true);
    await turn(false);
    const tracks = asked[0]?.allow() ?? [];
    await on;
    expect(isOn()).toBe(false);
    expect(tracks.every(isStopped)).toBe(true);
    expect(told).toEqual([]);
  });

  it('is no trouble where it was turned off meanwhile and is denied', async () => {
    const on = turn(true);
    await turn(false);
    asked[0]?.deny();
    await expect(on).resolves.toBeUndefined();
  });

  it('is no trouble where the call is over and it is denied', async () => {
    const on = turn(true);
    media.close();
    asked[0]?.deny();
    await expect(on).resolves.toBeUndefined();
  });

  it('is asked for once, however often it is turned on and off meanwhile', async () => {
    const all = [turn(true), turn(true), turn(false), turn(true)];
    const tracks = asked[0]?.allow() ?? [];
    await Promise.all(all);
    expect(asked).toHaveLength(1);
    expect(isOn()).toBe(true);
    expect(tracks.some(isStopped)).toBe(false);
  });

  it('is asked for again after it was denied', async () => {
    const on = turn(true);
    asked[0]?.deny();
    await expect(on).rejects.toMatchObject({ name: 'NotAllowedError' });
    const again = turn(true);
    asked[1]?.allow();
    await again;
    expect(isOn()).toBe(true);
  });

  it('is let go of where the call is over by then', async () => {
    const on = turn(true);
    media.close();
    const tracks = asked[0]?.allow() ?? [];
    await on;
    expect(tracks.every(isStopped)).toBe(true);
    expect(told).toEqual([]);
  });
});

describe('another device', () => {
  it('is asked for once the browser has answered for the one before, which is let go of', async () => {
    const on = media.setCamera(true);
    const other = media.useDevice('camera', 'desk');
    const [first] = asked[0]?.allow() ?? [];
    await expect.poll(() => asked.length).toBe(2);
    expect(asked[1]?.deviceId).toBe('desk');
    const [second] = asked[1]?.allow() ?? [];
    await Promise.all([on, other]);
    expect(first && isStopped(first)).toBe(true);
    expect(media.track('camera')).toBe(second);
    expect(told).toEqual(['camera on']);
  });

  it('is asked for also where the one before was denied', async () => {
    const on = media.setCamera(true);
    const other = media.useDevice('camera', 'desk');
    asked[0]?.deny();
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.allow();
    await Promise.all([on, other]);
    expect(told).toEqual(['camera on']);
  });

  it('turns no camera on that was turned off meanwhile', async () => {
    const on = media.setCamera(true);
    asked[0]?.allow();
    await on;
    const other = media.useDevice('camera', 'desk');
    await media.setCamera(false);
    const [late] = asked[1]?.allow() ?? [];
    await other;
    expect(media.track('camera')).toBeNull();
    expect(late && isStopped(late)).toBe(true);
    expect(told).toEqual(['camera on', 'camera off']);
  });

  it('takes the place of a microphone that is off, too', async () => {
    const on = media.setMic(true);
    asked[0]?.allow();
    await on;
    const other = media.useDevice('microphone', 'head');
    await media.setMic(false);
    const [second] = asked[1]?.allow() ?? [];
    await other;
    expect(media.track('mic')).toBe(second);
  });

  it('is what is asked for next, where nothing is on', async () => {
    await media.useDevice('microphone', 'head');
    expect(asked).toHaveLength(0);
    const on = media.setMic(true);
    expect(asked[0]?.deviceId).toBe('head');
    asked[0]?.allow();
    await on;
  });
});
