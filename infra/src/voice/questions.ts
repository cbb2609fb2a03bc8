import { type NatsConnection, RequestError } from '@nats-io/transport-node';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { MediaKind } from '@parley/domain/wire/rtp';
import type { TrackSource } from '@parley/domain/wire/voice';
import type { Placement } from './protocol.js';
import { nodeSubject } from './subjects.js';

/** What a node is asked for its own sake, on the subject of requests to it; as JSON. The answer is a `NodeReply` with the result below. */
export type NodeQuestion =
  /** Are you there? Answered by `{state}`, whatever it is doing. */
  | { readonly method: 'node.ping' }
  /** Do you carry this call, as its core? Asked of all while Redis is away. Answered by `{placement?}`. */
  | { readonly method: 'node.find'; readonly conversationId: string; readonly call: number }
  /**
   * Take this call, under a fence above that one. A node that reaches Redis lets Redis decide, and may so name another one. Answered by
   * `{placement}`.
   */
  | {
      readonly method: 'node.place';
      readonly conversationId: string;
      readonly call: number;
      readonly above: number;
      readonly except: readonly string[];
    }
  /** Take no calls any more, and give away those there are within so many seconds; then leave. Answered by `{}` at once. */
  | { readonly method: 'node.drain'; readonly seconds?: number }
  | EdgeQuestion;

/** What the nodes of one call ask each other: an edge its core, and then each the other. */
export type EdgeQuestion =
  | LinkQuestion
  | (OfLink & {
      /** I am an edge of a call that you are the core of: this is my end of a pipe between us. Answered by `{end}`. */
      readonly method: 'edge.link';
      readonly fence: number;
      readonly end: PipeEnd;
    });

/**
 * What I send you over the pipe now, all of it; `described` are those of which you said that they are missing, `unwanted` those of yours that nobody here receives: send nothing of them
 * until I leave them out. Answered by `{missing}`.
 */
export type LinkQuestion = OfLink & {
  readonly method: 'edge.tracks';
  readonly offers: readonly PipeOffer[];
  readonly described: readonly PipedTrack[];
  readonly unwanted: readonly string[];
};

type OfLink = {
  readonly conversationId: string;
  readonly call: number;
  /** The node that asks, and the id of its link. */
  readonly from: string;
  readonly link: string;
};

/** Where one end of a pipe is, and what it encrypts with. */
export type PipeEnd = {
  readonly ip: string;
  readonly port: number;
  readonly srtpParameters: { readonly cryptoSuite: string; readonly keyBase64: string };
};

export type PipeOffer = { readonly producer: string; readonly paused: boolean };

/** A track as the other node needs it to forward it under the same id. */
export type PipedTrack = PipeOffer & {
  readonly participant: number;
  readonly user: string;
  readonly source: TrackSource;
  readonly kind: MediaKind;
  readonly rtpParameters: object;
  /** By which placement its sender attached where they send it, and when, in ms since 1970 UTC by the clock there. A node of before did not say. */
  readonly entered?: { readonly fence: number; readonly at: number };
  /** Of a picture whose layers may be chosen: how large it is as a whole. */
  readonly size?: { readonly width: number; readonly height: number };
};

export type NodeAnswer = {
  'node.ping': { readonly state: string };
  'node.find': { readonly placement?: Placement };
  'node.place': { readonly placement: Placement };
  'node.drain': Record<string, never>;
  'edge.link': { readonly end: PipeEnd };
  'edge.tracks': { readonly missing: readonly string[] };
};

/**
 * What came of asking a node: an answer, its refusal, nobody (the broker says that no such node listens: it is gone), or silence within the time.
 */
export type Asked<A> =
  | { readonly tag: 'answer'; readonly result: A }
  | { readonly tag: 'refused'; readonly refusal: Refusal }
  | { readonly tag: 'nobody' }
  | { readonly tag: 'silence' };

/** Asks one node; never rejects. @param timeoutMs milliseconds to wait for it */
export async function askNode<Q extends NodeQuestion>(
  nats: NatsConnection,
  node: string,
  question: Q,
  timeoutMs: number,
): Promise<Asked<NodeAnswer[Q['method']]>> {
  try {
    const reply = await nats.request(nodeSubject(node), JSON.stringify(question), { timeout: timeoutMs });
    const answer = reply.json<{ result: NodeAnswer[Q['method']] } | { refusal: Refusal }>();
    return 'refusal' in answer
      ? { tag: 'refused', refusal: answer.refusal }
      : { tag: 'answer', result: answer.result };
  } catch (error) {
    const isGone = error instanceof RequestError && error.isNoResponders();
    return { tag: isGone ? 'nobody' : 'silence' };
  }
}
