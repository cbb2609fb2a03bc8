import type { PictureSize } from '@parley/domain/call/picture-size';
import type { MediaKind } from '@parley/domain/wire/rtp';
import type { ConsumerView, TrackSource, VoiceNotice } from '@parley/domain/wire/voice';
import type { Layering, Layers } from './layers.js';

/** For how long nobody has received a track until its sender is told, or who brings it, in ms: who comes and goes does not stop it each time. */
export const UNWANTED_MS = 2_000;

/**
 * By which placement a participant attached to a node, and when by that node's clock, in ms since 1970 UTC. Whoever moves is on two nodes for a while: a greater fence is
 * surely of later, and of one placement the clocks say so, as well as they agree.
 */
export type Entered = { readonly fence: number; readonly at: number };

/** What a participant has that is attached here. */
export type Member = {
  readonly participant: number;
  readonly user: string;
  readonly device: string;
  /** Whether it may send media, as its ticket says; the roster knows better, see {@link maySpeak}. */
  readonly speaks: boolean;
  readonly entered: Entered;
  /** When it attached, in ms. */
  readonly since: number;
  readonly transports: Map<string, MemberTransport>;
  /** Ids of its producers. */
  readonly tracks: Map<TrackSource, string>;
  /** The transport it receives over. */
  receiving: string | undefined;
  /** By the id of what is received. */
  readonly receptions: Map<string, Reception>;
  /** So much is lost on the way that it is sent voices alone. */
  audioOnly: boolean;
};

export type MemberTransport = {
  readonly direction: 'send' | 'recv';
  up: boolean;
  /** Since when it is up or not, in ms. */
  since: number;
};

/** A producer: of a member, or brought from another node (`transport` undefined). */
export type Track = {
  readonly producer: string;
  readonly participant: number;
  readonly user: string;
  readonly source: TrackSource;
  readonly kind: MediaKind;
  /** Its sender, where they send it. */
  readonly entered: Entered;
  readonly transport: string | undefined;
  readonly layering: Layering | undefined;
  /** By who sends it. */
  paused: boolean;
  /** How many receive it now: participants here, and what takes it elsewhere. */
  wants: number;
  /** What its sender knows, or who brings it. */
  wanted: boolean;
  unwantedSince: number;
};

/** What one member receives of one track. `consumer` is there once it is made. */
export type Reception = {
  readonly producer: string;
  consumer: string | undefined;
  /** By who receives it. */
  paused: boolean;
  size: PictureSize | undefined;
  layers: Layers | undefined;
};

/**
 * What there is of one call on this node, and of what is forwarded to whom. Changed in place by {@link stepRoom} and nothing else: a room of a thousand has
 * as many receptions as there are pairs, too many to copy with each change.
 */
export type RoomState = {
  readonly members: Map<number, Member>;
  readonly tracks: Map<string, Track>;
  /** Where a consumer belongs. */
  readonly consumers: Map<string, { readonly participant: number; readonly producer: string }>;
  /** What the log says, as of its event `revision`; undefined: not known yet. */
  roster: RosterFacts | undefined;
};

export type RosterFacts = {
  readonly revision: number;
  readonly participants: ReadonlySet<number>;
  /** Users whom a moderator has muted. */
  readonly muted: ReadonlySet<string>;
  /** The users who may send media; undefined: everybody. */
  readonly speakers: ReadonlySet<string> | undefined;
};

export const emptyRoom = (): RoomState => ({
  members: new Map(),
  tracks: new Map(),
  consumers: new Map(),
  roster: undefined,
});

export type RoomInput =
  /** A participant begins, anew if it was here. */
  | {
      readonly tag: 'attach';
      readonly participant: number;
      readonly user: string;
      readonly device: string;
      readonly speaks: boolean;
      readonly entered: Entered;
    }
  | {
      readonly tag: 'opened';
      readonly participant: number;
      readonly transport: string;
      readonly direction: 'send' | 'recv';
    }
  | { readonly tag: 'link'; readonly participant: number; readonly transport: string; readonly up: boolean }
  | { readonly tag: 'transportClosed'; readonly participant: number; readonly transport: string }
  | ({ readonly tag: 'produced'; readonly transport: string } & NewTrack)
  /** A track that a participant attached elsewhere sends. */
  | ({ readonly tag: 'brought'; readonly entered: Entered } & NewTrack)
  | { readonly tag: 'setProducer'; readonly producer: string; readonly paused: boolean }
  | { readonly tag: 'producerClosed'; readonly producer: string }
  | { readonly tag: 'receive'; readonly participant: number; readonly transport: string }
  | {
      readonly tag: 'made';
      readonly participant: number;
      readonly transport: string;
      readonly producer: string;
      readonly consumer: string;
      /** Its view, if its receiver is to be told of it; undefined where the answer to its request does. */
      readonly view: ConsumerView | undefined;
    }
  /** It cannot be received by this participant, or closed by itself. */
  | {
      readonly tag: 'unmade';
      readonly participant: number;
      readonly transport: string;
      readonly producer: string;
    }
  | {
      readonly tag: 'setConsumer';
      readonly consumer: string;
      readonly paused?: boolean;
      readonly size?: PictureSize;
      readonly priority?: number;
      readonly keyFrame?: true;
    }
  /** Something that takes tracks elsewhere begins to want one, or stops. */
  | { readonly tag: 'elsewhere'; readonly producer: string; readonly wants: boolean }
  | { readonly tag: 'audioOnly'; readonly participant: number; readonly on: boolean }
  | ({ readonly tag: 'roster' } & RosterFacts)
  | { readonly tag: 'tick' };

type NewTrack = {
  readonly participant: number;
  readonly user: string;
  readonly producer: string;
  readonly source: TrackSource;
  readonly kind: MediaKind;
  readonly layering: Layering | undefined;
  readonly paused: boolean;
};

/**
 * What has become of a track: it is there, its sender has paused or resumed it, it is gone; or, of one that was brought, whether somebody wants it here.
 */
export type TrackChange = 'there' | 'paused' | 'gone' | 'wanted';

export type RoomEffect =
  /** With all that goes over it. */
  | { readonly tag: 'closeTransport'; readonly transport: string }
  /** With all that receives it. */
  | { readonly tag: 'closeProducer'; readonly producer: string }
  | { readonly tag: 'pauseProducer'; readonly producer: string; readonly paused: boolean }
  | {
      readonly tag: 'consume';
      readonly participant: number;
      readonly transport: string;
      readonly producer: string;
      readonly paused: boolean;
    }
  | { readonly tag: 'closeConsumer'; readonly consumer: string }
  | { readonly tag: 'pauseConsumer'; readonly consumer: string; readonly paused: boolean }
  | { readonly tag: 'setLayers'; readonly consumer: string; readonly layers: Layers }
  | { readonly tag: 'setPriority'; readonly consumer: string; readonly priority: number }
  | { readonly tag: 'keyFrame'; readonly consumer: string }
  | { readonly tag: 'track'; readonly producer: string; readonly change: TrackChange }
  | { readonly tag: 'left'; readonly participant: number; readonly since: number }
  | {
      readonly tag: 'tell';
      readonly to: number;
      readonly name: VoiceNotice;
      readonly value: Readonly<Record<string, unknown>>;
    };

/** Whether a member may send media: by the log, and by their ticket for as long as nothing is known from it. */
export const maySpeak = (
  { roster }: RoomState,
  { user, speaks }: Pick<Member, 'user' | 'speaks'>,
): boolean => (roster === undefined ? speaks : isSpeaker(roster, user));

/** Whether the log says that a participant is in the call no more. Who entered after what the roster has seen is not missing in it. */
export const isGone = ({ roster }: RoomState, participant: number): boolean =>
  roster !== undefined && participant <= roster.revision && !roster.participants.has(participant);

/** Whether a moderator has muted who sends this track. */
export const isMuted = ({ roster }: RoomState, { kind, user }: Pick<Track, 'kind' | 'user'>): boolean =>
  kind === 'audio' && roster?.muted.has(user) === true;

/** Whether the server itself keeps this track silent: its sender is muted, or no speaker any more, until they are one again. */
export const isSilenced = (state: RoomState, track: Pick<Track, 'kind' | 'user'>): boolean =>
  isMuted(state, track) || (state.roster !== undefined && !isSpeaker(state.roster, track.user));

const isSpeaker = ({ speakers }: RosterFacts, user: string): boolean => speakers?.has(user) ?? true;

/** Whether a producer is paused: by its sender, or by the server. */
export const isPaused = (state: RoomState, track: Track): boolean => track.paused || isSilenced(state, track);
