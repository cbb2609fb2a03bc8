import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeWith } from '@parley/domain/text';
import { SessionRenew } from '@parley/domain/wire/core-methods';
import { type Caller, TokenRefused } from '@parley/infra/runtime/tokens';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import { drive } from './life.js';
import { callerOf } from './open-session.js';
import type { Session } from './session.js';

type Answer = (answer: E.Either<Refusal, string>) => void;

/**
 * `session.renew`: the session goes on with a new token of the same user and device, until that one's end and with its scopes.
 * A token that is refused changes nothing: the session goes on until its own ends.
 */
export function renewSession(gateway: Gateway, session: Session, params: unknown, answer: Answer): void {
  const no = (refusal: Refusal) => answer(E.left(refusal));
  const wanted = decodeWith(SessionRenew, params);
  if (E.isLeft(wanted)) return no(refuse('InvalidParams', wanted.left));
  renew(gateway, session, wanted.right.token, answer).catch((error: unknown) => {
    if (error instanceof TokenRefused) return no(refusalOf(error));
    gateway.log.error({ err: error }, 'a session could not be renewed');
    no(refuse('InternalError'));
  });
}

async function renew(gateway: Gateway, session: Session, token: string, answer: Answer): Promise<void> {
  const no = (refusal: Refusal) => answer(E.left(refusal));
  const caller = await gateway.verify(token);
  const { caller: known } = session;
  // Closed meanwhile: nobody hears an answer.
  if (known === undefined || !session.isOpen) return no(refuse('NotAuthenticated'));
  if (!isSame(caller, known)) return no(refuse('ForeignToken'));
  const { expiresAt } = caller;
  if (drive(gateway, session, { tag: 'renewed', expiresAt }, no) !== undefined) return;
  session.caller = callerOf(caller, known.user);
  answer(E.right(JSON.stringify({ expiresAt })));
}

const isSame = ({ userId, deviceId }: Caller, known: { user: string; device: string }): boolean =>
  userId === known.user && deviceId === known.device;

function refusalOf({ fault }: TokenRefused): Refusal {
  if (fault === 'unavailable') return refuse('Unavailable');
  return fault === 'expired' ? refuse('TokenExpired') : refuse('NotAuthenticated', 'the token is not valid');
}
