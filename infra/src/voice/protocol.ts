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
