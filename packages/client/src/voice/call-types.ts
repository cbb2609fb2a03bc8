import type { BroadcastSource, CallMedia, Topology } from '@parley/domain/call/call';
import type { RefusalTag } from '@parley/domain/conversation/refusals';
import type { TrackSource } from '@parley/domain/wire/voice';
import type { Store } from '../store.js';

/** `joining`: asking to be let in. `connecting`: no media yet. `reconnecting`: media stopped, a way is being sought. `ended`: see `why`. */
export type CallPhase = 'joining' | 'connecting' | 'connected' | 'reconnecting' | 'ended';

/** How well a voice comes through, by loss, jitter and round trip of the last seconds. */
export type CallQuality = 'good' | 'fair' | 'poor' | 'unknown';

/** One device in the call, as it is shown. Tracks are those to play (a `mic` and a `screenAudio` in an audio element); mine are the ones I send, not to be heard here. */
export type CallTile = {
  readonly participant: number;
  readonly user: string;
  readonly device: string;
  readonly isMe: boolean;
  readonly mic: boolean;
  readonly camera: boolean;
  readonly screen: boolean;
  readonly deafened: boolean;
  /** A moderator has muted this user. */
  readonly muted: boolean;
  readonly speaking: boolean;
  /** Of their voice; of mine, how all the others come through. */
  readonly quality: CallQuality;
  readonly tracks: { readonly [S in TrackSource]?: MediaStreamTrack };
};

export type CallSnapshot = {
  readonly phase: CallPhase;
  /** Why it ended, where it did: `left`, `ended`, `removed`, `replaced`, `elsewhere`, `lost`, or what refused us. */
  readonly why?: string;
  /** What refuses media a way just now; it is asked again until there is one. */
  readonly refusal?: RefusalTag;
  readonly conversationId: string;
  readonly call: number;
  readonly media: CallMedia;
  readonly topology: Topology;
  /** Who started it: they may end it for everyone. */
  readonly by: string;
  readonly startedAt: number;
  readonly tiles: readonly CallTile[];
  /** Voices alone are received, because too much is lost. */
  readonly audioOnly: boolean;
  readonly broadcast: BroadcastSource | null;
  /** Why nobody sees the broadcast, where its node could not make it. */
  readonly broadcastRefused?: string;
};

export type CallDevices = {
  readonly microphones: readonly MediaDeviceInfo[];
  readonly cameras: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
};

export type VideoCodec = 'VP8' | 'VP9' | 'H264';

export type CallOptions = {
  readonly mic?: boolean;
  /** From the beginning, so that nobody hears what is said before `talk`. */
  readonly pushToTalk?: boolean;
  readonly camera?: boolean;
  readonly microphoneId?: string;
  readonly cameraId?: string;
  /** What the camera is asked for; 1280 × 720 at 30 frames a second unless said. */
  readonly video?: MediaTrackConstraints;
  /** What a camera or screen is sent to a node in, where this browser can; VP8 unless said, which alone is broadcast. VP9 takes a third less room, and more of the processor. */
  readonly videoCodec?: VideoCodec;
  /** Media goes by a TURN server alone: nobody else in the call learns this device's address. */
  readonly relayOnly?: boolean;
  /** Gives up entering: `start` and `join` reject with its reason, and what was begun is left. Of a call that was entered it ends nothing. */
  readonly signal?: AbortSignal;
};

/** A call this client is in. Every method that fails rejects with a RefusalError or what the browser said (`NotAllowedError` …). */
export type CallSession = {
  readonly state: Store<CallSnapshot>;
  /** Of microphone, camera and screen the newest wish counts: one that was taken back while the browser still asked resolves, and turns nothing on. */
  setMic(on: boolean): Promise<void>;
  setCamera(on: boolean): Promise<void>;
  setScreen(on: boolean): Promise<void>;
  setDeafened(on: boolean): void;
  /** While true the microphone is off but for the time `talk(true)`. */
  setPushToTalk(on: boolean): void;
  talk(on: boolean): void;
  useDevice(kind: 'microphone' | 'camera', deviceId: string): Promise<void>;
  devices(): Promise<CallDevices>;
  /** How large a track is drawn, in device pixels, with what its box cuts off of it: what fits is sent. Null: nobody sees it, and nothing of it is sent. Before it is said a node sends nothing of a picture, and a browser of a mesh all. */
  shown(
    participant: number,
    source: 'camera' | 'screen',
    size: { readonly width: number; readonly height: number } | null,
  ): void;
  /** A moderator's mute, for everyone. */
  mute(user: string, muted: boolean): Promise<void>;
  broadcast(source: BroadcastSource | null): Promise<void>;
  leave(): Promise<void>;
  /** For everyone. */
  end(): Promise<void>;
};

/** A call of one of my conversations that goes on and that this device is not in. `rings` for 30 s after it began, unless declined, or I am in it elsewhere. */
export type OngoingCallHere = {
  readonly conversationId: string;
  readonly call: number;
  readonly media: CallMedia;
  readonly by: string;
  readonly at: number;
  readonly people: readonly string[];
  /** What of it is broadcast to who is not in it. */
  readonly broadcast: BroadcastSource | null;
  readonly rings: boolean;
};

/** Calls of one client, by `openCalls` of open-calls.ts: an entry of its own, of which nothing is in the SDK's core. */
export type Calls = {
  readonly ongoing: Store<readonly OngoingCallHere[]>;
  /** The call this client is in: one at a time. One that has ended stays here until the next one, or `dismiss`. */
  readonly current: Store<CallSession | undefined>;
  /** One entering at a time, also by `join`: a newer one gives up the older, which rejects with an `AbortError`. */
  start(conversationId: string, media: CallMedia, options?: CallOptions): Promise<CallSession>;
  join(conversationId: string, call: number, options?: CallOptions): Promise<CallSession>;
  /** No longer rings here. */
  decline(conversationId: string, call: number): void;
  /** A conversation is looked at: asks whether a call goes on in it that began before this page was there. */
  look(conversationId: string): void;
  /** Forgets a call that has ended. */
  dismiss(): void;
  close(): void;
};
