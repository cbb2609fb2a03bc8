import type { Gone } from '@parley/domain/account/state';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeWith } from '@parley/domain/text';
import { SessionOpen } from '@parley/domain/wire/core-methods';
import type { ParamsOf, ResultOf } from '@parley/domain/wire/methods';
import type { Caller as RpcCaller } from '@parley/infra/rpc/protocol';
import { type Caller, TokenRefused } from '@parley/infra/runtime/tokens';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import { admit } from '../hub/admission.js';
import type { Admission } from '../hub/hub.js';
import { beginFollowing } from '../hub/positions.js';
import { noteBadToken, refusedToOpen, refusedToTry } from '../limits/limits.js';
import { tellResync } from '../notify.js';
import { enter, exit, type Person } from '../people.js';
import { hearNotices } from '../user-notices.js';
import { within } from '../within.js';
import { joinLate, MAX_LATE } from './join-late.js';
import { drive } from './life.js';
import { refusedPositions } from './refused-positions.js';
import type { Session } from './session.js';

/** Milliseconds opening waits for conversations whose membership is not answered; they are joined later. */
const JOIN_WITHIN_MS = 8_000;

type Answer = (answer: E.Either<Refusal, string>) => void;

/**
 * `session.open`: checks the token, joins the user's conversations, answers, and only then lets events through: the answer is
 * the first thing a client hears.
 */
export function openSession(gateway: Gateway, session: Session, params: unknown, answer: Answer): void {
  const no = (refusal: Refusal) => answer(E.left(refusal));
  const wanted = decodeWith(SessionOpen, params);
  if (E.isLeft(wanted)) return no(refuse('InvalidParams', wanted.left));
  const tooSoon = refusedToTry(gateway, session);
  if (tooSoon !== undefined) return no(tooSoon);
  if (drive(gateway, session, { tag: 'open' }, no)?.tag !== 'begin') return;
  open(gateway, session, wanted.right, answer).catch((error: unknown) => {
    gateway.log.error({ err: error }, 'a session could not be opened');
    stepBack(gateway, session);
    no(refuse('InternalError'));
  });
}

async function open(
  gateway: Gateway,
  session: Session,
  { token, resume = {} }: ParamsOf<'session.open'>,
  answer: Answer,
): Promise<void> {
  const no = (refusal: Refusal) => answer(E.left(refusal));
  const caller = await verified(gateway, session, token, no);
  if (caller === undefined) return;
  drive(gateway, session, { tag: 'verified', expiresAt: caller.expiresAt }, no);
  if (session.state.tag !== 'opening') return;
  const tooOften = refusedToOpen(gateway, caller.userId);
  if (tooOften !== undefined) {
    stepBack(gateway, session);
    return no(tooOften);
  }

  const person = enterPerson(gateway, session, caller);
  const positions = new Map(Object.entries(resume));
  const [gone, joined] = await Promise.all([
    goneAs(gateway, caller),
    joinConversations(gateway, person, [...positions.keys()]),
  ]);
  if (session.state.tag !== 'opening') return;
  if (E.isRight(gone) && gone.right)
    return void drive(gateway, session, { tag: 'revoked', as: gone.right }, no);
  const fault = E.isLeft(gone)
    ? gone.left
    : E.isLeft(joined)
      ? joined.left
      : await refusedPositions(gateway, person, positions);
  if (session.state.tag !== 'opening') return;
  if (fault !== undefined) {
    stepBack(gateway, session);
    return no(fault);
  }
  if (drive(gateway, session, { tag: 'opened' })?.tag !== 'start') return;
  session.address = undefined;
  const { userId: user, deviceId: device, expiresAt } = caller;
  const opened: ResultOf<'session.open'> = {
    user,
    device,
    conversations: person.hubs.size,
    expiresAt,
    now: gateway.now(),
  };
  answer(E.right(JSON.stringify(opened)));
  start(gateway, session, person, positions, E.isRight(joined) ? joined.right : new Map());
  gateway.presence.changed(person.user);
}

/** Asked once the session is known to be of the device: what happens from now on is heard. */
const goneAs = (gateway: Gateway, { userId, deviceId }: Caller): Promise<E.Either<Refusal, Gone | false>> =>
  gateway.isConnected
    ? gateway.devices.goneAs(userId, deviceId)
    : Promise.resolve(E.left(refuse('Unavailable', 'the broker is away')));

/** The connection waits for `session.open` again. */
function stepBack(gateway: Gateway, session: Session): void {
  session.caller = undefined;
  exit(session, Date.now());
  drive(gateway, session, { tag: 'unable' });
}

async function verified(
  gateway: Gateway,
  session: Session,
  token: string,
  no: (refusal: Refusal) => void,
): Promise<Caller | undefined> {
  try {
    return await gateway.verify(token);
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    if (error.fault === 'unavailable') drive(gateway, session, { tag: 'unable' }, no);
    else {
      noteBadToken(gateway, session);
      drive(gateway, session, { tag: 'refused', expired: error.fault === 'expired' }, no);
    }
    return undefined;
  }
}

/** Notices are heard before memberships are asked for, so that nothing is entered unheard between the two. */
function enterPerson(gateway: Gateway, session: Session, caller: Caller): Person {
  const person = enter(gateway.people, session, caller.userId);
  if (person.notices === undefined) hearNotices(gateway, person);
  session.caller = callerOf(caller, person.user);
  return person;
}

/** Who asks, as requests carry it. `user` is the text of the id that is kept already. */
export const callerOf = ({ deviceId, scopes }: Caller, user: string): RpcCaller => ({
  user,
  device: deviceId,
  scopes: scopes.size === 0 ? NO_SCOPES : [...scopes],
});

const NO_SCOPES: readonly string[] = [];

/** What became of each conversation that was asked for; a refusal where not even their list could be had. */
async function joinConversations(
  gateway: Gateway,
  person: Person,
  named: readonly string[],
): Promise<E.Either<Refusal, ReadonlyMap<string, Admission>>> {
  if (!gateway.isConnected) return E.left(refuse('Unavailable', 'the broker is away'));
  const memberships = await gateway.api.memberships(person.user);
  if (E.isLeft(memberships)) return memberships;
  const all = [...new Set([...memberships.right.conversations, ...named])];
  const outcome = new Map<string, Admission>(all.map((conversationId) => [conversationId, 'unavailable']));
  const joining = Promise.all(
    all.map(async (conversationId) => {
      outcome.set(conversationId, await admit(gateway, person, conversationId));
    }),
  );
  await within(joining, JOIN_WITHIN_MS);
  const away = [...outcome.values()].filter((admission) => admission === 'unavailable').length;
  if (away > MAX_LATE) return E.left(refuse('Unavailable', `${away} conversations do not answer`));
  return E.right(outcome);
}

/** Lets events through: from where the client is, or from the newest on. */
function start(
  gateway: Gateway,
  session: Session,
  person: Person,
  resume: ReadonlyMap<string, number>,
  outcome: ReadonlyMap<string, Admission>,
): void {
  const newestFirst = [...person.hubs].sort((one, other) => other.activeAt - one.activeAt);
  for (const hub of newestFirst) beginFollowing(gateway, hub, session, resume.get(hub.conversationId));
  for (const [conversationId, admission] of outcome) {
    const hub = gateway.hubs.get(conversationId);
    if (hub !== undefined && person.hubs.has(hub)) continue;
    if (admission === 'unavailable') joinLate(gateway, session, person, conversationId);
    const reason = admission === 'stranger' ? 'left' : 'unavailable';
    if (resume.has(conversationId)) tellResync(gateway, session, { conversationId, reason });
  }
}
