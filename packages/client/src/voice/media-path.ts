import { type IceServer, MAX_SIDE, type PeerSignal, type TrackSource } from '@parley/domain/wire/voice';
import type { VideoCodec } from './call-types.js';
import type { VoiceNotice } from './read-voice-notice.js';

/** One way by which media goes: a mesh, or a node. */
export type MediaPath = {
  /** Sends this track from now on; null: none of this source. A track whose `enabled` is false is silent. */
  send(source: TrackSource, track: MediaStreamTrack | null): Promise<void>;
  /** The microphone is off or on: nobody need be sent silence. */
  mute(isMuted: boolean): void;
  /** The others who are in the call now; `takesNew`: those that are new are to be reached, too. */
  sync(others: readonly number[], takesNew: boolean): void;
  /** The same way again: after a reconnect, to go on with fresh credentials, or because it is wanted after all. */
  renew(access: Access): void;
  /** What another browser says to mine. */
  signal(from: number, signal: PeerSignal): void;
  notice(notice: VoiceNotice): void;
  /** Everything that comes by this way comes by a newer one: it is needed only until the others say the same, which is told by {@link PathHost.onFinished}. */
  finish(): void;
  /** What comes in, whether or not anything has come yet. */
  received(): readonly Received[];
  /** How large a track is shown, in device pixels; null, and by a node before it is said of a picture: nobody sees it. A node does not send voices of size null either. */
  shown(participant: number, source: TrackSource, size: Size | null): void;
  /** Whether packets go back and forth, as far as ICE knows. */
  readonly isFlowing: boolean;
  /** Whether everybody can hear me by it: a way that was there before is let go of only then. */
  readonly isWhole: boolean;
  readonly connections: readonly RTCPeerConnection[];
  close(): void;
};

export type Size = { readonly width: number; readonly height: number };

/** As it may be told: whole pixels, and no more than a picture may have. */
export const inPixels = ({ width, height }: Size): Size => ({ width: side(width), height: side(height) });

/** One track of one participant, as a key. */
export const keyOf = (participant: number, source: TrackSource): string => `${participant} ${source}`;

const side = (pixels: number): number => Math.min(MAX_SIDE, Math.max(0, Math.ceil(pixels)));

/** A track of somebody else. */
export type Received = {
  readonly participant: number;
  readonly source: TrackSource;
  readonly receiver: RTCRtpReceiver;
  readonly track: MediaStreamTrack;
  /** They send nothing of it just now. */
  readonly isOff: boolean;
  /** Nothing of it comes just now, because it is off or because it is neither seen nor heard here: nothing need be waited for. */
  readonly isPaused: boolean;
};

/** What `voice.enter` gave. */
export type Access = {
  readonly iceServers: readonly IceServer[];
  readonly ticket?: string;
  readonly node?: string;
  readonly fence?: number;
  readonly expiresAt?: number;
};

/** What a path needs of the call it is of. */
export type PathHost = {
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly videoCodec: VideoCodec;
  /** What came in has changed, or whether it flows. */
  readonly onChange: () => void;
  /** None of the others needs it any more, after `finish`. A node's does not say so. */
  readonly onFinished: () => void;
  /** It carries nothing any more and cannot mend itself. */
  readonly onDown: (why: string) => void;
};

export const toRtc = (servers: readonly IceServer[]): RTCIceServer[] =>
  servers.map((server) => ({ ...server, urls: [...server.urls] }));
