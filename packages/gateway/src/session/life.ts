import type { Refusal } from '@parley/domain/conversation/refusals';
import { refuse } from '@parley/domain/conversation/refusals';
import { type CloseTag, closeCodes } from '@parley/domain/wire/close-codes';
import type { Gateway } from '../gateway.js';
import { tellExpiring } from '../notify.js';
import { exit } from '../people.js';
import { MAX_BUFFERED, type Session } from './session.js';
import { type SessionEffect, type SessionInput, stepSession } from './session-state.js';

/**
 * Carries a session one step further. What concerns a single request is left to the caller: `begin`, `ask` and `start` are
 * returned, and `answer` is given what the request is refused with, before the connection is closed for it.
 */
export function drive(
  gateway: Gateway,
  session: Session,
  input: SessionInput,
  answer: (refusal: Refusal) => void = () => undefined,
): SessionEffect | undefined {
  const { state, effect } = stepSession(session.state, input, Date.now());
  if (effect?.tag === 'refuse') answer(refuse(effect.refusal));
  if (effect?.tag === 'close' && effect.refusal !== undefined) answer(refuse(effect.refusal));
  session.state = state;
  switch (effect?.tag) {
    case 'close':
      close(gateway, session, effect.why);
      gateway.voice.forget(session, input.tag === 'revoked');
      break;
    case 'warn':
      tellExpiring(gateway, session, effect.expiresAt, effect.inMs);
      break;
    case 'cut':
      session.socket?.close();
      break;
    case 'forget':
      session.socket = undefined;
      gateway.presence.forget(session);
      gateway.typing.forget(session);
      gateway.voice.forget(session, false);
      gateway.sessions.delete(session);
      leave(session);
      break;
    default:
      break;
  }
  return effect;
}

/** The buffer has drained somewhat: if the session is closing and its close code fits by now, it is sent. */
export function onDrain(session: Session): void {
  const { socket, state } = session;
  if (state.tag !== 'closing' || socket === undefined || socket.getBufferedAmount() > MAX_BUFFERED / 2)
    return;
  const { code, sentence } = closeCodes[state.why];
  socket.end(code, sentence);
}

function close({ metrics }: Gateway, session: Session, why: CloseTag): void {
  metrics.closed.inc({ why });
  if (why === 'SlowReader') metrics.slowReaders.inc();
  // Not at once: an overflow is noticed while uWebSockets.js goes through the receivers of a frame.
  setImmediate(() => {
    const { socket } = session;
    if (socket === undefined) return;
    for (const topic of socket.getTopics()) socket.unsubscribe(topic);
    onDrain(session);
  });
}

function leave(session: Session): void {
  for (const hub of session.person?.hubs ?? []) hub.catchingUp.delete(session);
  session.catchUp = undefined;
  session.caller = undefined;
  exit(session, Date.now());
}
