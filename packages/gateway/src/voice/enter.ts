import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { OngoingCall } from '@parley/domain/wire/calls';
import type { VoiceParams, VoiceResult } from '@parley/domain/wire/voice';
import { type CallRoster, speakersOf } from '@parley/infra/voice/roster';
import { signTicket, TICKET_SECONDS } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import type { Session } from '../session/session.js';
import { announce } from './hear-call.js';
import type { HeldCall, Place } from './held-calls.js';
import { iceServersFor } from './ice-servers.js';
import { findSeat, notePlacement } from './moves.js';
import { closePlace } from './put-out.js';
import type { VoiceCore } from './voice-core.js';
import { whyClosed } from './why-closed.js';

/** Calls that one connection may be in. */
export const MAX_CALLS_OF_SESSION = 4;

type Entered = VoiceResult<'voice.enter'>;

/**
 * `voice.enter`: binds a connection to a participant of its own device, as the log has it at the moment of asking, and says how media goes. Asked again, it
 * answers anew and changes nothing.
 */
export async function enter(
  core: VoiceCore,
  session: Session,
  params: VoiceParams<'voice.enter'>,
): Promise<E.Either<Refusal, Entered>> {
  // What ends their part in the call is heard from before the question on, so that nothing falls between it and its answer.
  const held = core.held.enter(params.conversationId);
  try {
    const followed = await follow(core, session, held);
    if (followed !== undefined) return E.left(followed);
    const roster = await core.rosters.of(params.conversationId);
    if (E.isLeft(roster)) return roster;
    const { call } = roster.right;
    if (call?.call !== params.call) return E.left(refuse('CallNotFound'));
    const place = take(core, session, held, params, roster.right.revision, call);
    if (E.isLeft(place)) return place;
    return await answer(core, held, place.right, roster.right, call);
  } finally {
    core.held.done(held);
  }
}

async function follow(core: VoiceCore, { person }: Session, held: HeldCall): Promise<Refusal | undefined> {
  if (person === undefined) return refuse('NotAuthenticated');
  const [admission, isReached] = await Promise.all([core.admit(person, held.conversationId), held.reached]);
  if (admission === 'stranger') return refuse('NotInCall');
  return admission === 'unavailable' || !isReached ? refuse('Unavailable') : undefined;
}

/** Binds the session, if the participant is of its device and still in the call. */
function take(
  core: VoiceCore,
  session: Session,
  held: HeldCall,
  { conversationId, participant }: VoiceParams<'voice.enter'>,
  revision: number,
  { call, participants, topology }: OngoingCall,
): E.Either<Refusal, Place> {
  const { caller } = session;
  if (caller === undefined || !session.isOpen) return E.left(refuse('NotAuthenticated'));
  const { user, device } = caller;
  const found = participants.find((each) => each.participant === participant);
  if (found?.user !== user || found.device !== device) return E.left(refuse('NotInCall'));
  const whose = { call, participant, user, device };
  const isOut = held.heard.some(
    ({ event, banned }) => event.seq > revision && whyClosed(whose, event, banned) !== undefined,
  );
  if (isOut) return E.left(refuse('NotInCall'));

  const known = held.places.get(participant);
  if (known?.session === session) return E.right(known);
  const before = session.places?.get(conversationId);
  if (before === undefined && (session.places?.size ?? 0) >= MAX_CALLS_OF_SESSION)
    return E.left(refuse('TooMuchMedia', `a connection is in ${MAX_CALLS_OF_SESSION} calls at most`));
  if (before !== undefined) closePlace(core, before, before.call === call ? 'replaced' : 'ended');
  if (known !== undefined) closePlace(core, known, 'elsewhere');
  if (held.places.size === 0) {
    // Whoever else is in it should be heard of, also where no gateway ever knew them.
    core.beats.expect(participants.map((each) => ({ conversationId, call, participant: each.participant })));
  }
  const at = core.gateway.now();
  const place: Place = { session, conversationId, ...whose, at, seat: undefined, state: undefined };
  core.held.add(held, place);
  core.metrics.joins.inc({ topology });
  core.beats.hear(place);
  announce(core, place);
  return E.right(place);
}

async function answer(
  core: VoiceCore,
  held: HeldCall,
  place: Place,
  roster: CallRoster,
  { topology }: OngoingCall,
): Promise<E.Either<Refusal, Entered>> {
  const { iceServers } = iceServersFor(core.settings, place.user, Date.now());
  const entered = { topology, iceServers, revision: roster.revision };
  if (topology === 'p2p') {
    place.seat = undefined;
    return E.right(entered);
  }
  if (core.key === undefined)
    return E.left(refuse('VoiceUnavailable', 'PARLEY_VOICE_SECRET is not set here'));
  const found = await findSeat(core, place);
  if (E.isLeft(found)) return found;
  // Put out meanwhile: a ticket would open the node to them for a minute.
  if (held.places.get(place.participant) !== place) return E.left(refuse('NotInCall'));
  const seat = found.right;
  place.seat = seat;
  notePlacement(core, held, place.call, seat.fence, 'placed');
  const { conversationId, call, participant, user, device } = place;
  const { node, fence } = seat;
  const speaks = speakersOf(roster)?.includes(user) ?? true;
  const now = Date.now();
  const ticket = await signTicket(
    core.key,
    {
      conversationId,
      call,
      participant,
      user,
      device,
      node,
      fence,
      speaks,
      ...(seat.core === undefined ? {} : { core: seat.core }),
    },
    now,
  );
  return E.right({ ...entered, node, fence, ticket, expiresAt: now + TICKET_SECONDS * 1_000 });
}
