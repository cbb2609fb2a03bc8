import { RequestError } from '@nats-io/transport-node';
import { type Refusal, refusals, refuse } from '@parley/domain/conversation/refusals';
import type { NodeMethod, VoiceParams } from '@parley/domain/wire/voice';
import { parseJson } from '@parley/infra/runtime/parse-json';
import type { NodeRequest } from '@parley/infra/voice/protocol';
import { nodeSubject } from '@parley/infra/voice/subjects';
import * as E from 'fp-ts/lib/Either.js';
import type { Place } from './held-calls.js';
import { notePlacement } from './moves.js';
import type { VoiceCore } from './voice-core.js';

/** Milliseconds that a node has to answer. */
export const NODE_MS = 5_000;

/** Passes a request on to the node that its ticket names, which verifies the ticket, and answers as it does. */
export async function forward<M extends NodeMethod>(
  core: VoiceCore,
  place: Place,
  method: M,
  params: VoiceParams<M>,
): Promise<E.Either<Refusal, unknown>> {
  const node = nodeOf(params.ticket);
  if (node === undefined) return E.left(refuse('TicketInvalid'));
  const { user, device } = place;
  const request: NodeRequest = { method, params, user, device };
  try {
    const reply = await core.gateway.nats.request(nodeSubject(node), JSON.stringify(request), {
      timeout: NODE_MS,
    });
    const answer = parseJson(reply.data);
    hearFence(core, place, answer);
    return resultOf(answer);
  } catch (error) {
    if (!core.gateway.isConnected) return E.left(refuse('Unavailable', 'the broker is away'));
    if (!(error instanceof RequestError && error.isNoResponders()))
      return E.left(refuse('VoiceUnavailable', 'the node does not answer'));
    // Any ticket could name any node: only where this gateway sent them is anything known by that.
    if (place.seat?.node === node) core.probes.nobodyAt(node);
    return E.left(refuse('PlacementStale'));
  }
}

/** A node that refuses a ticket knows a newer placement: everybody of the call is to hear of it. */
function hearFence(core: VoiceCore, { conversationId, call, seat }: Place, answer: unknown): void {
  const { fence } = (answer ?? {}) as { readonly fence?: unknown };
  const held = core.held.get(conversationId);
  if (held !== undefined && seat !== undefined && typeof fence === 'number' && fence > seat.fence)
    notePlacement(core, held, call, fence, 'placed');
}

function resultOf(reply: unknown): E.Either<Refusal, unknown> {
  const { refusal, result } = (reply ?? {}) as { readonly refusal?: Refusal; readonly result?: unknown };
  if (refusal !== undefined)
    return E.left(Object.hasOwn(refusals, refusal.tag) ? refusal : refuse('InternalError'));
  return result === undefined ? E.left(refuse('InternalError', 'the node answers nothing')) : E.right(result);
}

/** The node that a ticket names, to ask it: what it says of itself is worth nothing until that node has verified it. */
export function nodeOf(ticket: string): string | undefined {
  const payload = parseJson(Buffer.from(ticket.split('.')[1] ?? '', 'base64url')) as
    | { readonly voice?: { readonly node?: unknown } }
    | null
    | undefined;
  const node = payload?.voice?.node;
  // It becomes part of a subject: no dots, no wildcards.
  return typeof node === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(node) ? node : undefined;
}
