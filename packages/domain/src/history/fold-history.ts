import type { Entry } from '../conversation/vocabulary.js';
import type { Envelope } from '../log/envelope.js';
import { eventOfRemains } from '../log/remains.js';
import type { History } from './history.js';
import { type HistoricMessage, isThere } from './timeline.js';

type EventOf<T extends Envelope['type']> = Extract<Envelope, { type: T }>;

/**
 * The history after one more event of its conversation, in the order of the log. Total: what does not fit changes nothing but revision and
 * time. Changes what it is given, and returns it, because copying a conversation for every event of it would cost the square of
 * its length.
 *
 * Events that were taken out of the log are holes between the seqs. `message.erased` says what is left of them: a message that was never
 * seen is then known by who wrote it when, and by what had become of it.
 */
export function foldHistory(history: History, event: Envelope): History {
  if (event.seq > history.revision + 1) history.holes.add(history.revision + 1, event.seq - 1);
  history.revision = Math.max(history.revision, event.seq);
  history.at = event.at;
  apply(history, event);
  // A call that another log tells of does not go on here.
  if (event.importedTo === event.seq) history.calls.end(event.at);
  return history;
}

function apply(history: History, event: Envelope): void {
  const { members, bans, timeline, calls, pins } = history;
  switch (event.type) {
    case 'conversation.created':
      history.kind ??= event.data.kind;
      history.title = event.data.title ?? history.title;
      history.ttl = event.data.ttl;
      history.expiresAt = event.data.expiresAt ?? history.expiresAt;
      history.lastActivityAt = Math.max(history.lastActivityAt, event.at);
      return enter(history, event.data.members, event.seq);
    case 'conversation.renamed':
      history.title = event.data.title;
      return;
    case 'conversation.ttlSet':
      history.ttl = event.data.ttl;
      return;
    case 'conversation.closed':
      history.closed = true;
      return calls.end(event.at);
    case 'conversation.expirySet':
      history.expiresAt = event.data.expiresAt;
      return;
    case 'conversation.held':
      history.hold = { reason: event.data.reason, since: event.at, by: event.actor };
      return;
    case 'conversation.released':
      history.hold = null;
      return;
    case 'conversation.erased':
      return erase(history, event.at);
    case 'member.added':
      return enter(history, event.data.members, event.seq);
    case 'member.removed':
      for (const user of event.data.users) members.delete(user);
      return calls.putOut(event.data.users, event.at, 'removed');
    case 'member.left':
      members.delete(event.actor);
      return calls.putOut([event.actor], event.at, 'left');
    case 'member.roleSet': {
      const member = members.get(event.data.user);
      if (member !== undefined) member.role = event.data.role;
      return;
    }
    case 'member.banned':
      return ban(history, event);
    case 'member.unbanned':
      bans.delete(event.data.banHash);
      return;
    case 'member.erased':
      return erasePerson(history, event);
    case 'message.sent':
      return send(history, messageOf(event));
    case 'message.edited': {
      const message = timeline.get(event.data.seq);
      if (!isThere(message)) return;
      message.body = event.data.body;
      message.editedAt = event.at;
      return;
    }
    case 'message.deleted': {
      const message = timeline.get(event.data.seq);
      if (isThere(message)) tombstone(history, message, event.at);
      return;
    }
    case 'message.reacted':
      return react(history, event);
    case 'message.expired':
      for (const [from, to] of event.data.ranges) {
        for (const message of timeline.expire(from, to)) empty(history, message);
      }
      return;
    case 'message.pinned':
      if (isThere(timeline.get(event.data.seq)) && !pins.has(event.data.seq))
        pins.set(event.data.seq, { by: event.actor, at: event.at });
      return;
    case 'message.unpinned':
      pins.delete(event.data.seq);
      return;
    case 'message.erased':
      return recall(history, event);
    case 'call.started':
      return calls.start(event.seq, event.at, event.actor, event.data.media, event.data.device);
    case 'call.joined':
      return calls.join(event.data.call, event.seq, event.at, event.actor, event.data.device);
    case 'call.left':
      return calls.leave(event.data.call, event.data.participant, event.at, event.data.why);
    case 'call.ended':
      return calls.end(event.at, event.data.call);
    case 'call.muted':
    case 'call.broadcastSet':
      return;
    default:
      return event satisfies never;
  }
}

function enter({ members }: History, entries: readonly Entry[], since: number): void {
  for (const { user, role, banHash } of entries) members.set(user, { role, since, banHash });
}

function ban({ members, bans, calls }: History, { at, data: { banHash } }: EventOf<'member.banned'>): void {
  const users = [...members].flatMap(([user, member]) => (member.banHash === banHash ? [user] : []));
  bans.add(banHash);
  for (const user of users) members.delete(user);
  calls.putOut(users, at, 'removed');
}

/** Of an erased conversation nothing stays but that it was. */
function erase(history: History, at: number): void {
  history.kind = null;
  history.title = null;
  history.ttl = null;
  history.closed = false;
  history.expiresAt = null;
  history.erasedAt = at;
  history.hold = null;
  history.messages = 0;
  history.lastActivityAt = 0;
  history.members.clear();
  history.bans.clear();
  history.timeline.clear();
  history.calls.clear();
  history.pins.clear();
  history.reactedBy.clear();
}

/** Their messages are tombstones, their reactions and their part in calls are gone, and where they were the last owner the successor named is one. */
function erasePerson(history: History, { at, data }: EventOf<'member.erased'>): void {
  const { user, successor } = data;
  const { members, timeline, calls, reactedBy } = history;
  members.delete(user);
  calls.forget(user, at);
  const heir = successor === undefined ? undefined : members.get(successor);
  if (heir !== undefined) heir.role = 'owner';
  for (const message of timeline.takeOf(user)) tombstone(history, message, at);
  for (const seq of reactedBy.get(user) ?? []) {
    const message = timeline.get(seq);
    for (const emoji of message?.reactions?.keys() ?? []) takeBack(message as HistoricMessage, emoji, user);
  }
  reactedBy.delete(user);
}

function send(history: History, message: HistoricMessage): void {
  history.timeline.add(message);
  count(history, message);
}

function count(history: History, { ordinal, at }: HistoricMessage): void {
  history.messages = Math.max(history.messages, ordinal);
  history.lastActivityAt = Math.max(history.lastActivityAt, at);
}

/** A message as it was when it was sent. */
const messageOf = ({ seq, at, actor, data }: EventOf<'message.sent'>): HistoricMessage => ({
  seq,
  ordinal: data.ordinal,
  author: actor,
  at,
  sentAt: data.sentAt ?? null,
  replyTo: data.replyTo ?? null,
  expiresAt: data.expiresAt ?? null,
  body: data.body,
  editedAt: null,
  deletedAt: null,
  expired: false,
  reactions: undefined,
});

function react({ timeline, reactedBy }: History, { actor, data }: EventOf<'message.reacted'>): void {
  const message = timeline.get(data.seq);
  if (!isThere(message)) return;
  if (data.removed) return takeBack(message, data.emoji, actor);
  message.reactions ??= new Map();
  added(message.reactions, data.emoji, actor);
  added(reactedBy, actor, message.seq);
}

function added<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

function takeBack({ reactions }: HistoricMessage, emoji: string, user: string): void {
  const users = reactions?.get(emoji);
  users?.delete(user);
  if (users?.size === 0) reactions?.delete(emoji);
}

function tombstone(history: History, message: HistoricMessage, at: number): void {
  message.deletedAt = at;
  empty(history, message);
}

/** What is gone says nothing, nobody has reacted to it, and it is not pinned. */
function empty({ pins }: History, message: HistoricMessage): void {
  message.body = null;
  message.editedAt = null;
  message.reactions = undefined;
  pins.delete(message.seq);
}

/**
 * What is left of events that were taken out of the log. What they did to their conversation is done again in any case; the message is made
 * only where its event was not seen, so that a log is folded to the same whether it still had its events or not.
 */
function recall(history: History, { conversationId, data: erased }: EventOf<'message.erased'>): void {
  for (const left of erased.remains) {
    const wasMissing = history.holes.claim(left.seq);
    const event = eventOfRemains(conversationId, left);
    if (event?.type !== 'message.sent') continue;
    const fate = { body: null, deletedAt: erased.deletedAt ?? null, expired: erased.expired === true };
    const message = { ...messageOf(event), ...fate };
    if (wasMissing) send(history, message);
    else count(history, message);
  }
}
