import type { PictureSize } from '@parley/domain/call/picture-size';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { OngoingCall } from '@parley/domain/wire/calls';
import type { NodeMethod, TrackSource } from '@parley/domain/wire/voice';
import type { CallNotice, Placement } from '@parley/infra/voice/protocol';
import type { CallRoster } from '@parley/infra/voice/roster';
import type { Ticket } from '@parley/infra/voice/ticket';
import type * as E from 'fp-ts/lib/Either.js';
import type { types } from 'mediasoup';
import type { Entered, TrackChange } from './room-state.js';

/**
 * The calls whose media is here. Nothing in here fails: what cannot be done is refused, and what breaks is told to the
 * participants, who begin again.
 */
export type Rooms = {
  /** Makes a room for a call, or raises the fence of the one there is. An older placement than what is known changes nothing. */
  open(placement: Placement): void;
  /**
   * What a participant asks, whose ticket was verified; `params` were decoded by the method's codec. Requests of one
   * participant are done in order, at most {@link RoomLimits.requests} wait.
   */
  request(ticket: Ticket, method: NodeMethod, params: unknown): Promise<E.Either<Refusal, unknown>>;
  /** Who is in the call by the log: others are put out, who is muted or may not speak is silenced. Undefined: the call is over. */
  setRoster(conversationId: string, roster: RoomRoster | undefined): void;
  /** A worker died: its rooms are made again on another one, and their participants told to begin anew. */
  workerDied(worker: types.Worker): void;
  /** Gives a room up. `moved` tells its participants that they enter again; `ended` and `replaced` tell nobody. */
  close(conversationId: string, why: WhyRoomClosed): void;
  list(): readonly RoomInfo[];
  /** The participants who are attached to a room here. */
  attached(conversationId: string): readonly number[];
  /** Whether somebody is there with a transport that stands. */
  isUsed(conversationId: string): boolean;
  /** For what takes a room's media elsewhere, or brings it: edges and broadcasts. Undefined: no such room, or no worker for it. */
  media(conversationId: string): Promise<RoomMedia | undefined>;
  shutdown(): Promise<void>;
};

/** Who is in the call after the event `revision` of the log; `CallRoster` of infra/voice/roster.ts is one. */
export type RoomRoster = Pick<CallRoster, 'revision' | 'kind' | 'leads'> & {
  readonly call?: Pick<OngoingCall, 'call' | 'participants' | 'muted'>;
};

export type WhyRoomClosed = 'moved' | 'ended' | 'replaced';

export type RoomInfo = {
  readonly conversationId: string;
  readonly call: number;
  readonly fence: number;
  readonly participants: number;
  /** Those of them with a transport that stands. */
  readonly connected: number;
  readonly producers: number;
  readonly consumers: number;
  /** Bits a second in and out, together, as of the last look. */
  readonly bitrate: number;
};

/** A track in a room: sent by a participant here, or brought from another node. */
export type RoomTrack = {
  readonly participant: number;
  readonly user: string;
  readonly source: TrackSource;
  readonly producer: types.Producer;
  /** Of a picture whose layers may be chosen: how large it is as a whole. */
  readonly size?: PictureSize | undefined;
  /** Its sender, where they send it. */
  readonly entered: Entered;
  /** By its sender; a moderator's mute is not told here. */
  readonly paused: boolean;
  /** Whether somebody receives it here, or something takes it elsewhere; for some time after nobody does. */
  readonly wanted: boolean;
  /** Whether it came by {@link RoomMedia.bring}. */
  readonly brought: boolean;
};

/** One life of a room: when its worker dies or it is closed, `closed` resolves, and a next one is another. */
export type RoomMedia = {
  readonly router: types.Router;
  readonly fence: number;
  readonly closed: Promise<void>;
  tracks(): readonly RoomTrack[];
  /** Called with the producer of each track of which something changes from now on; returns what ends it. */
  onTrack(listener: (producer: string, change: TrackChange) => void): () => void;
  /** Called with who speaks, loudest first; returns what ends it. */
  onSpeakers(listener: (participants: readonly number[]) => void): () => void;
  /**
   * Forwards a track of a participant who is attached elsewhere to everybody here, until its producer closes: at once, if they have moved from there. Without `entered` it is older than
   * any other.
   */
  bring(
    track: Pick<RoomTrack, 'participant' | 'user' | 'source' | 'producer' | 'size'> &
      Partial<Pick<RoomTrack, 'entered'>>,
  ): void;
  /** Its sender has paused or resumed a track that was brought. */
  setPaused(producer: string, paused: boolean): void;
};

/** What a room needs of the node's workers. */
export type RoomWorkers = {
  /** The one with least to do; undefined while there is none. */
  pick(): { readonly worker: types.Worker; readonly webRtcServer: types.WebRtcServer } | undefined;
};

export type RoomLimits = {
  /** Requests of one participant that may wait. */
  readonly requests: number;
  /** Points in 10 s of one user for what everybody in the room is told of: see change-limit.ts. */
  readonly changes: number;
  /** Consumers of one participant. */
  readonly consumers: number;
  /** Participants of one room. */
  readonly participants: number;
  /** For how long a transport may be unconnected, in ms. */
  readonly unconnectedMs: number;
};

export const ROOM_LIMITS: RoomLimits = {
  requests: 64,
  changes: 200,
  consumers: 2_000,
  participants: 1_000,
  unconnectedMs: 30_000,
};

/** Tells participants of a call something, over whichever gateways they are at. Never throws. */
export type Tell = (conversationId: string, notice: CallNotice) => void;
