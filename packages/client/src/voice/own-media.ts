import type { TrackSource } from '@parley/domain/wire/voice';
import type { CallDevices, CallOptions } from './call-types.js';

/** Microphone, camera and screen of this device: asked for when they are turned on, let go of at the end. */
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
  let microphone = options.microphoneId;
  let camera = options.cameraId;
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

  async function listen(): Promise<void> {
    put('mic', await capture('audio', MICROPHONE, microphone));
  }

  async function film(): Promise<void> {
    put('camera', await capture('video', options.video ?? CAMERA, camera));
  }

  return {
    track: (source) => tracks.get(source) ?? null,
    async setMic(on) {
      const track = tracks.get('mic');
      if (track !== undefined) track.enabled = on;
      else if (on) await listen();
    },
    async setCamera(on) {
      if (!on) put('camera', undefined);
      else if (!tracks.has('camera')) await film();
    },
    async setScreen(on) {
      if (!on) {
        put('screen', undefined);
        put('screenAudio', undefined);
        return;
      }
      if (tracks.has('screen')) return;
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: SCREEN, audio: true });
      const [video] = stream.getVideoTracks();
      if (video !== undefined && video.contentHint === '') video.contentHint = 'detail';
      put('screen', video);
      put('screenAudio', stream.getAudioTracks()[0]);
    },
    async useDevice(kind, deviceId) {
      if (kind === 'camera') {
        camera = deviceId;
        if (tracks.has('camera')) await film();
        return;
      }
      microphone = deviceId;
      if (tracks.has('mic')) await listen();
    },
    close() {
      isClosed = true;
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
): Promise<MediaStreamTrack | undefined> {
  const exactly = deviceId === undefined ? {} : { deviceId: { exact: deviceId } };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: { ...wishes, ...exactly } });
    return stream.getTracks()[0];
  } catch (error) {
    const isGone = error instanceof Error && error.name === 'OverconstrainedError';
    if (deviceId === undefined || !isGone) throw error;
    return capture(kind, wishes, undefined);
  }
}
