import type { Subscription } from '@nats-io/transport-node';
import type { Hub } from './hub/hub.js';
import type { Session } from './session/session.js';

/** Milliseconds for which a person who left is kept, so that a quick return costs nothing. */
export const LINGER_MS = 10_000;

/** Milliseconds for which a session that is gone is still there for others: a page that is reloaded must not make people blink. */
export const GRACE_MS = 5_000;

/** One user with sessions on this gateway. Membership is kept per person, so that a second device asks nothing. */
export class Person {
  /** Sessions that are opening or open. */
  readonly sessions: Session[];
  /** Conversations this person is a member of, as far as they are known here. */
  readonly hubs = new Set<Hub>();
  /** When a person without sessions is let go, in ms since 1970 UTC. */
  leaveAt = 0;
  /** When others are to hear that a session is gone, in ms since 1970 UTC; 0 for nothing to be heard. */
  presenceDueAt = 0;
  notices: Subscription | undefined;

  constructor(
    readonly user: string,
    session: Session,
  ) {
    // An array that is pushed to has room for 17.
    this.sessions = [session];
  }
}

/** Everyone with a session here, by user. */
export type People = Map<string, Person>;

/** Finds the person a session is of, or makes one. */
export function enter(people: People, session: Session, user: string): Person {
  const known = people.get(user);
  const person = known ?? new Person(user, session);
  if (known === undefined) people.set(user, person);
  else person.sessions.push(session);
  session.person = person;
  return person;
}

/** Takes a session away from its person. */
export function exit(session: Session, now: number): void {
  const { person } = session;
  if (person === undefined) return;
  session.person = undefined;
  const index = person.sessions.indexOf(session);
  if (index >= 0) person.sessions.splice(index, 1);
  person.presenceDueAt = now + GRACE_MS;
  if (person.sessions.length === 0) person.leaveAt = now + LINGER_MS;
}

/** Milliseconds since the last session of a person went; 0 while there is one. */
export const leftAgoMs = ({ sessions, leaveAt }: Person, now: number): number =>
  sessions.length > 0 || leaveAt === 0 ? 0 : Math.max(0, now - (leaveAt - LINGER_MS));
