import { notificationFrame } from '@parley/domain/wire/json-rpc';
import type { PresenceView } from '@parley/domain/wire/presence';
import type { GatewayCore } from '../gateway.js';
import { send } from '../session/send.js';
import { hasRoomForSigns, sendSign } from '../session/send-sign.js';
import type { Session } from '../session/session.js';
import type { Watched } from './watching.js';

/** Tells everyone who watches what has changed: one frame a session. */
export function tellPresence(gateway: GatewayCore, changed: readonly Watched[]): void {
  const bySession = new Map<Session, Watched[]>();
  for (const watched of changed) {
    for (const session of watched.watchers) {
      const list = bySession.get(session);
      if (list === undefined) bySession.set(session, [watched]);
      else list.push(watched);
    }
  }
  // Many watch one person: the frame of a single change is the same for all of them.
  const single = new Map<Watched, string>();
  for (const [session, list] of bySession) {
    const [first] = list as [Watched];
    const frame = (list.length === 1 ? single.get(first) : undefined) ?? frameOf(list);
    if (list.length === 1) single.set(first, frame);
    if (!sendSign(gateway.metrics, session, 'presence', frame)) owe(session, list);
  }
}

/** The reader has caught up somewhat: it is told what it is owed. */
export function payOwed(gateway: GatewayCore, session: Session): void {
  const owed = session.watch?.owed;
  if (session.watch === undefined || owed === undefined || !hasRoomForSigns(session)) return;
  session.watch.owed = undefined;
  const still = [...owed].filter((watched) => watched.watchers.has(session));
  if (still.length > 0 && !sendSign(gateway.metrics, session, 'presence', frameOf(still)))
    owe(session, still);
}

/** Tells one session how some people are, whatever it was told before. */
export function tellViews(gateway: GatewayCore, session: Session, people: readonly PresenceView[]): void {
  if (people.length > 0) send(gateway.metrics, session, notificationFrame('presence', { people }));
}

function owe(session: Session, list: readonly Watched[]): void {
  if (session.watch === undefined) return;
  session.watch.owed ??= new Set();
  for (const watched of list) session.watch.owed.add(watched);
}

const frameOf = (list: readonly Watched[]): string =>
  notificationFrame('presence', { people: list.map(({ view }): PresenceView => view) });
