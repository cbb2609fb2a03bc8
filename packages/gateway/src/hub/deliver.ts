import { isOver } from '@parley/domain/conversation/access';
import type { Gateway } from '../gateway.js';
import { eventFrame, resyncFrame, tellAdded } from '../notify.js';
import type { Person } from '../people.js';
import type { Hub, Member } from './hub.js';
import type { HubEvent } from './hub-event.js';
import { beginAnew, beginFollowing, stopFollowing, wakeWaiting } from './positions.js';

/**
 * Delivers one event to every session that follows the conversation: encoded once, published to the topic once. Who enters
 * with it hears it; who leaves with it hears it too, and nothing after it. uWebSockets.js fixes the receivers of a frame
 * when it is published, so the order of these steps is the promise.
 */
export function deliver(gateway: Gateway, hub: Hub, event: HubEvent): void {
  const { change } = event;
  if (change !== undefined) {
    for (const candidate of hub.candidates.values()) candidate.changes.push({ seq: event.seq, change });
    for (const { user, banHash } of change.joined) {
      const person = gateway.people.get(user);
      if (person !== undefined) join(gateway, hub, person, { since: event.seq, banHash });
    }
  }
  if (event.live?.type === 'conversation.created' || event.live?.type === 'conversation.expirySet')
    hub.endsAt = (event.live.data.expiresAt as number | null | undefined) ?? undefined;
  publish(gateway, hub, event);
  gateway.voice.heard(hub, event);
  hub.published = event.seq;
  if (event.live !== undefined) hub.activeAt = event.live.at;
  if (hub.catchingUp.size > 0) wakeWaiting(gateway, hub);
  if (change === undefined) return;
  for (const user of change.left) {
    const person = gateway.people.get(user);
    if (person !== undefined) dismiss(gateway, hub, person);
  }
  if (change.bannedHash === undefined && change.endsForAll === undefined) return;
  for (const [person, { banHash }] of [...hub.members]) {
    if (change.endsForAll || banHash === change.bannedHash) dismiss(gateway, hub, person);
  }
}

function publish(gateway: Gateway, hub: Hub, { seq, live }: HubEvent): void {
  const { app, metrics } = gateway;
  const { conversationId } = hub;
  const receivers = app.numSubscribers(conversationId);
  hub.receivers = receivers;
  metrics.published.inc();
  if (receivers === 0) return;
  const isTold = live !== undefined && (!hasEnded(gateway, hub) || ENDINGS.has(live.type));
  const frame = isTold
    ? eventFrame(gateway, live)
    : resyncFrame({ conversationId, reason: 'unreadable', seq });
  app.publish(conversationId, frame);
  metrics.deliveries.inc(receivers);
}

/** How things end, which says nothing of what they were. */
const ENDINGS: ReadonlySet<string> = new Set([
  'conversation.closed',
  'conversation.erased',
  'message.deleted',
  'message.erased',
  'message.expired',
]);

/** Whether the conversation's own time is over: what happened in it is then nobody's to hear, but how it ends. */
const hasEnded = ({ now }: Gateway, { endsAt }: Hub): boolean =>
  endsAt !== undefined && isOver(endsAt, now());

/** Makes a person one of those who follow. Their open sessions are told, and begin with the event that let them in. */
export function join(gateway: Gateway, hub: Hub, person: Person, member: Member): void {
  const isNew = !hub.members.has(person);
  hub.members.set(person, member);
  person.hubs.add(hub);
  if (!isNew) return;
  for (const session of person.sessions) {
    if (!session.isOpen) continue;
    if (session.late?.delete(hub.conversationId)) {
      beginAnew(gateway, hub, session);
      continue;
    }
    tellAdded(gateway, session, hub, member.since);
    beginFollowing(gateway, hub, session, member.since - 1);
  }
}

/** Ends it for a person who is no member any more. */
export function dismiss(gateway: Gateway, hub: Hub, person: Person): void {
  if (!hub.members.delete(person)) return;
  person.hubs.delete(hub);
  for (const session of person.sessions) if (session.isOpen) stopFollowing(gateway, hub, session);
}
