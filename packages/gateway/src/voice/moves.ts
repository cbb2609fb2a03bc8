import type { Refusal } from '@parley/domain/conversation/refusals';
import type { Seat } from '@parley/infra/voice/placing';
import * as E from 'fp-ts/lib/Either.js';
import { publish, tell } from './call-notices.js';
import type { HeldCall, Place } from './held-calls.js';
import type { VoiceCore } from './voice-core.js';

/** Tells participants here that they are to enter again. */
export function tellMoved(core: VoiceCore, places: readonly Place[], why: string): void {
  for (const place of places) {
    place.seat = undefined;
    core.metrics.moves.inc({ why });
    tell(core, place, 'voice.moved', { why });
  }
}

/** A placement under this fence is known: whoever has a ticket of an older one is told, here and at other gateways. */
export function notePlacement(
  core: VoiceCore,
  held: HeldCall,
  call: number,
  fence: number,
  why: string,
): void {
  if (fence <= held.fence) return;
  held.fence = fence;
  publish(core, held.conversationId, { news: 'placed', call, fence, why });
}

/** The same, as another gateway knows it. */
export function hearPlacement(
  core: VoiceCore,
  held: HeldCall,
  call: number,
  fence: number,
  why: string,
): void {
  held.fence = Math.max(held.fence, fence);
  const isStale = (place: Place) => place.call === call && (place.seat?.fence ?? fence) < fence;
  tellMoved(core, [...held.places.values()].filter(isStale), why);
}

/** A seat for a participant, not on a node that is thought dead while there is another. */
export async function findSeat(
  { placing, probes }: VoiceCore,
  { conversationId, call, participant }: Pick<Place, 'conversationId' | 'call' | 'participant'>,
): Promise<E.Either<Refusal, Seat>> {
  const except = probes.suspects();
  const seat = await placing.seat(conversationId, call, participant, { except });
  if (E.isRight(seat) || except.length === 0) return seat;
  const last = await placing.seat(conversationId, call, participant);
  if (E.isRight(last)) for (const node of nodesOf(last.right)) if (except.includes(node)) probes.trust(node);
  return last;
}

/**
 * A node is dead: each call on it is placed anew once, and then those who were on it are told. Where there is no other nobody is: a node that is slow would only
 * be asked for everything once more.
 */
export function leaveNode(core: VoiceCore, node: string): void {
  for (const held of core.held.all()) {
    const places = [...held.places.values()].filter(({ seat }) => seat !== undefined && isOn(seat, node));
    const [first] = places;
    if (first !== undefined) void move(core, held, first, places, node);
  }
}

async function move(
  core: VoiceCore,
  held: HeldCall,
  first: Place,
  places: readonly Place[],
  node: string,
): Promise<void> {
  const seat = await findSeat(core, first);
  if (E.isRight(seat) && isOn(seat.right, node)) return;
  tellMoved(
    core,
    places.filter((place) => place.seat !== undefined && isOn(place.seat, node)),
    'node',
  );
  if (E.isRight(seat)) notePlacement(core, held, first.call, seat.right.fence, 'node');
}

/** The nodes that participants here depend on. */
export function nodesInUse({ held }: Pick<VoiceCore, 'held'>): ReadonlySet<string> {
  const nodes = new Set<string>();
  for (const { seat } of held.places()) {
    if (seat === undefined) continue;
    nodes.add(seat.node);
    if (seat.core !== undefined) nodes.add(seat.core);
  }
  return nodes;
}

const nodesOf = ({ node, core }: Seat): readonly string[] => (core === undefined ? [node] : [node, core]);
const isOn = (seat: Seat, node: string): boolean => nodesOf(seat).includes(node);
