import type { Refusal } from '@parley/domain/conversation/refusals';
import type { NodeMethod, VoiceNotice } from '@parley/domain/wire/voice';

/**
 * What a gateway asks a node on behalf of one participant; the parameters were decoded by the method's codec, but for the ticket, which the node verifies
 * itself. As JSON.
 */
export type NodeRequest = {
  readonly method: NodeMethod;
  readonly params: Readonly<Record<string, unknown>>;
  /** Who asks, as the session's token says. */
  readonly user: string;
  readonly device: string;
};

/** As JSON. `fence`, beside the refusal `PlacementStale`, is the placement that the node knows. */
export type NodeReply = { readonly result: unknown } | { readonly refusal: Refusal; readonly fence?: number };

/** What one participant of a call is told, or all but one. As JSON. */
export type CallNotice = {
  readonly to: number | 'all';
  readonly except?: number;
  readonly name: VoiceNotice;
  /** The notice's parameters, whole. */
  readonly value: Readonly<Record<string, unknown>>;
};

/** How loaded a node is. Shares are of 1. */
export type NodeLoad = {
  /** CPU of the busiest worker, as a share of one core. */
  readonly cpu: number;
  readonly consumers: number;
  readonly participants: number;
  readonly calls: number;
  /** Bits a second in and out, together. */
  readonly bitrate: number;
};

/** What a node says of itself every second. `node` is an id of this run of it alone: a node that comes back is another one. */
export type NodeBeat = {
  readonly node: string;
  readonly region: string;
  /** Where its health, metrics and broadcasts are: `http://host:port`. */
  readonly http: string;
  readonly load: NodeLoad;
  /** `starting`: no worker yet. `draining`: takes no calls any more. */
  readonly state: 'starting' | 'ready' | 'draining';
  /** Participants that it takes of one call. */
  readonly comfortable: number;
};

/**
 * Where a call's media is. `fence` grows with every change of it, over all nodes and also when Redis has lost everything (it is at least the time in ms at which
 * it was given), so that a node that was thought dead is known by an older one.
 */
export type Placement = {
  readonly conversationId: string;
  readonly call: number;
  readonly node: string;
  readonly fence: number;
};
