import type { Gateway } from './gateway.js';
import { releaseIfEmpty } from './hub/interest.js';
import type { Person } from './people.js';
import { drive } from './session/life.js';
import { endOfPatience } from './session/session-state.js';

/** Milliseconds between two sweeps: how late a token's end or a missed deadline is noticed at most. */
export const SWEEP_MS = 250;

/** One timer for everything that ends by itself: 20,000 sessions are looked at in about a millisecond. */
export function startSweep(gateway: Gateway): { stop(): void } {
  const timer = setInterval(() => sweep(gateway, Date.now()), SWEEP_MS);
  return { stop: () => clearInterval(timer) };
}

function sweep(gateway: Gateway, now: number): void {
  for (const session of gateway.sessions) {
    if (now >= endOfPatience(session.state)) drive(gateway, session, { tag: 'tick' });
  }
  for (const person of gateway.people.values()) {
    if (person.presenceDueAt > 0 && now >= person.presenceDueAt) {
      person.presenceDueAt = 0;
      gateway.presence.changed(person.user);
    }
    if (person.sessions.length === 0 && now >= person.leaveAt) letGo(gateway, person);
  }
}

/** Forgets a person who did not come back, and the conversations nobody else here is a member of. */
function letGo(gateway: Gateway, person: Person): void {
  gateway.people.delete(person.user);
  person.notices?.unsubscribe();
  for (const hub of person.hubs) {
    hub.members.delete(person);
    releaseIfEmpty(gateway, hub);
  }
  person.hubs.clear();
}
