import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from '../gateway.js';
import { admit } from '../hub/admission.js';
import { retryDelay } from '../hub/positions.js';
import type { Person } from '../people.js';
import type { Session } from './session.js';

/** Conversations that one session joins late; where more do not answer, it is not opened. */
export const MAX_LATE = 100;

/**
 * A conversation whose membership could not be asked when a session opened: it is asked again until it is answered or the
 * session ends. The session then begins at the newest event and is told to read anew.
 */
export function joinLate(gateway: Gateway, session: Session, person: Person, conversationId: string): void {
  session.late ??= new Set();
  session.late.add(conversationId);
  void keepAsking(gateway, session, person, conversationId);
}

async function keepAsking(
  gateway: Gateway,
  session: Session,
  person: Person,
  conversationId: string,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await sleep(retryDelay(attempt), undefined, { ref: false });
    if (session.person !== person || !session.late?.has(conversationId)) return;
    const admission = await admit(gateway, person, conversationId);
    if (admission === 'unavailable') continue;
    // Whom an event lets in that is still on its way: the mark stays for it.
    if (admission === 'stranger') session.late?.delete(conversationId);
    return;
  }
}
