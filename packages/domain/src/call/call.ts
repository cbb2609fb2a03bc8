import * as t from 'io-ts';
import { LayeredMap } from '../conversation/layered-map.js';
import { shape } from '../shape.js';

/** Most devices in one call: those past a node's comfortable size are listeners on edge nodes. */
export const MAX_PARTICIPANTS = 1_000;

/** Most participants of a mesh that may be configured: each sends its media to every other one. */
export const MAX_P2P = 8;

/** What a call begins as: it says how it rings, and whether the starter's camera is on. Anybody may turn theirs on later. */
export const CallMedia = t.keyof({ voice: null, video: null }, 'voice or video');
export type CallMedia = t.TypeOf<typeof CallMedia>;

/** What a broadcast shows: the voices and the camera of who speaks, or the voices and the screen that is shared. */
export const BroadcastSource = t.keyof({ mix: null, screen: null }, 'mix or screen');
export type BroadcastSource = t.TypeOf<typeof BroadcastSource>;

/** What of a call is broadcast; null: nothing. */
export const Broadcast = t.union([BroadcastSource, t.null], 'mix, screen or null');
export type Broadcast = t.TypeOf<typeof Broadcast>;

/** Why a device is no longer in a call: it left, was put out by a moderator, or was not heard of any more. */
export const WhyLeft = t.keyof({ left: null, removed: null, lost: null }, 'left, removed or lost');
export type WhyLeft = t.TypeOf<typeof WhyLeft>;

/** How media goes: from everybody to everybody (a mesh), or by a selective forwarding unit. */
export const Topology = t.keyof({ p2p: null, sfu: null }, 'p2p or sfu');
export type Topology = t.TypeOf<typeof Topology>;

/**
 * A device in a call. `participant` is the seq of the event by which it entered: joining again from one device makes a new one. `at` is when it entered, in
 * ms since 1970 UTC.
 */
export const Participant = shape({
  participant: t.number,
  user: t.string,
  device: t.string,
  at: t.number,
});
export type Participant = t.TypeOf<typeof Participant>;

/** A call that goes on, folded from the events of its conversation alone. */
export type Call = {
  /** The seq of the event that started it: its id in the conversation. */
  readonly call: number;
  readonly media: CallMedia;
  readonly by: string;
  readonly at: number;
  /** Most participants that talk as a mesh; 0 and 1: none do. Fixed when the call starts, so that everybody who folds agrees. */
  readonly p2pMax: number;
  readonly topology: Topology;
  /** By device, see {@link deviceKey}. Never empty: the call is over when the last one leaves. */
  readonly participants: LayeredMap<Participant>;
  /** Users whom a moderator has muted: what they say is forwarded to nobody. */
  readonly muted: ReadonlySet<string>;
  readonly broadcast: Broadcast;
};

/** One key for each device of each user; neither may hold a space. */
export const deviceKey = (user: string, device: string): string => `${user} ${device}`;

/**
 * Which way media goes from now on. Past `p2pMax` it goes by the SFU, and comes back only when one more has left, so that somebody who comes
 * and goes does not move everybody each time. What only a server can enforce or do, a moderator's mute of somebody who is there and a broadcast, needs the SFU.
 */
export function topologyOf({
  topology,
  p2pMax,
  participants,
  muted,
  broadcast,
}: Pick<Call, 'topology' | 'p2pMax' | 'participants' | 'muted' | 'broadcast'>): Topology {
  if (p2pMax < 2 || broadcast !== null || hasMuted({ participants, muted })) return 'sfu';
  const most = topology === 'p2p' ? p2pMax : p2pMax - 1;
  return participants.size <= most ? 'p2p' : 'sfu';
}

function hasMuted({ participants, muted }: Pick<Call, 'participants' | 'muted'>): boolean {
  if (muted.size > 0) for (const { user } of participants.values()) if (muted.has(user)) return true;
  return false;
}

/** The participant of that number, or undefined. */
export function participantOf({ participants }: Call, participant: number): Participant | undefined {
  for (const each of participants.values()) if (each.participant === participant) return each;
  return undefined;
}

export const begun = (
  event: { readonly seq: number; readonly at: number; readonly actor: string },
  { media, p2pMax, device }: { readonly media: CallMedia; readonly p2pMax: number; readonly device: string },
): Call => {
  const { seq, at, actor } = event;
  const starter = { participant: seq, user: actor, device, at };
  const call: Call = {
    call: seq,
    media,
    by: actor,
    at,
    p2pMax,
    topology: 'p2p',
    participants: LayeredMap.of([[deviceKey(actor, device), starter]]),
    muted: new Set(),
    broadcast: null,
  };
  return { ...call, topology: topologyOf(call) };
};
