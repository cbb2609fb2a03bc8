import type { TrackSource } from '@parley/domain/wire/voice';
import type { CallDevices, CallOptions } from './call-types.js';
import { createCapture } from './capture.js';

/** Microphone, camera and screen of this device: asked for when they are turned on, let go of at the end. Of several wishes the newest counts, however late the browser answers. */
export type OwnMedia = {
  track(source: TrackSource): MediaStreamTrack | null;
  setMic(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  setScreen(on: boolean): Promise<void>;
  useDevice(kind: 'microphone' | 'camera', deviceId: string): Promise<void>;
  close(): void;
};

/** Another track of a source is there, or none. */
export type OnTrack = (source: TrackSource, track: MediaStreamTrack | null) => void;

export function createOwnMedia(options: CallOptions, onTrack: OnTrack): OwnMedia {
  const tracks = new Map<TrackSource, MediaStreamTrack>();
  let isClosed = false;

  /** One the browser has taken away (unplugged, ended by its own button) is gone here, too. */
  function put(source: TrackSource, track: MediaStreamTrack | undefined): void {
    const before = tracks.get(source);
    if (before === track) return;
    if (before !== undefined) {
      before.onended = null;
      before.stop();
    }
    if (track === undefined) tracks.delete(source);
    else if (isClosed) return track.stop();
    else {
      tracks.set(source, track);
      track.onended = () => {
        put(source, undefined);
        if (source === 'screen') put('screenAudio', undefined);
      };
    }
    onTrack(source, track ?? null);
  }

  const microphone = createCapture({
    ask: (deviceId) => capture('audio', MICROPHONE, deviceId),
    take: (stream) => put('mic', stream.getTracks()[0]),
    deviceId: options.microphoneId,
  });
  const camera = createCapture({
    ask: (deviceId) => capture('video', options.video ?? CAMERA, deviceId),
    take: (stream) => put('camera', stream.getTracks()[0]),
    deviceId: options.cameraId,
  });
  const screen = createCapture({
    ask: () => navigator.mediaDevices.getDisplayMedia({ video: SCREEN, audio: true }),
    take(stream) {
      const [video] = stream.getVideoTracks();
      if (video !== undefined && video.contentHint === '') video.contentHint = 'detail';
      put('screen', video);
      put('screenAudio', stream.getAudioTracks()[0]);
    },
    deviceId: undefined,
  });

  return {
    track: (source) => tracks.get(source) ?? null,
    async setMic(on) {
      const track = tracks.get('mic');
      if (track !== undefined) track.enabled = on;
      else if (on) await microphone.on();
      else microphone.off();
    },
    async setCamera(on) {
      if (!on) {
        camera.off();
        put('camera', undefined);
      } else if (!tracks.has('camera')) await camera.on();
    },
    async setScreen(on) {
      if (!on) {
        screen.off();
        put('screen', undefined);
        put('screenAudio', undefined);
      } else if (!tracks.has('screen')) await screen.on();
    },
    async useDevice(kind, deviceId) {
      const [device, source] =
        kind === 'camera' ? ([camera, 'camera'] as const) : ([microphone, 'mic'] as const);
      device.use(deviceId);
      if (tracks.has(source) || device.isAwaited) await device.on();
    },
    close() {
      isClosed = true;
      for (const each of [microphone, camera, screen]) each.off();
      for (const track of tracks.values()) {
        track.onended = null;
        track.stop();
      }
      tracks.clear();
    },
  };
}

/** Their names are told once the browser may use one of them. */
export async function listDevices(): Promise<CallDevices> {
  const all = await navigator.mediaDevices.enumerateDevices();
  const of = (kind: MediaDeviceKind) => all.filter((each) => each.kind === kind && each.deviceId !== '');
  return { microphones: of('audioinput'), cameras: of('videoinput'), speakers: of('audiooutput') };
}

const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1_280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
};

const SCREEN: MediaTrackConstraints = {
  width: { max: 1_920 },
  height: { max: 1_080 },
  frameRate: { ideal: 30, max: 30 },
};

/** By the device that was chosen; where that was unplugged since, by the browser's own choice. (Chromium does not heed `ideal` here.) */
async function capture(
  kind: 'audio' | 'video',
  wishes: MediaTrackConstraints,
  deviceId: string | undefined,
): Promise<MediaStream> {
  const exactly = deviceId === undefined ? {} : { deviceId: { exact: deviceId } };
  try {
    return await navigator.mediaDevices.getUserMedia({ [kind]: { ...wishes, ...exactly } });
  } catch (error) {
    const isGone = error instanceof Error && error.name === 'OverconstrainedError';
    if (deviceId === undefined || !isGone) throw error;
    return capture(kind, wishes, undefined);
  }
}
