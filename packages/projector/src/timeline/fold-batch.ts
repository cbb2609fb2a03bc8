import type { Envelope } from '@parley/domain/log/envelope';
import type { ConversationChanges } from './changes.js';
import { keepForCalls } from './fold-calls.js';
import { foldErased } from './fold-erased.js';
import { type EventOf, edit, expire, pin, react, send, tombstone } from './fold-messages.js';

/**
 * Folds a batch of events into what it changes in the rows. Pure and total: it needs no rows, because a change to
 * something that was there before the batch is a change to be applied, and one to something that the batch made is applied
 * here. So rows are the same however a log is cut into batches. `streamSeqs` are the events' own.
 */
export function foldBatch(
  events: readonly Envelope[],
  streamSeqs: readonly number[],
): ConversationChanges[][] {
  const latest = new Map<string, ConversationChanges>();
  const steps: ConversationChanges[][] = [[]];
  for (const [index, event] of events.entries()) {
    let conversation = latest.get(event.conversationId);
    if (conversation === undefined || isErasure(event)) {
      conversation = untouched(event.conversationId, conversation === undefined ? 0 : conversation.step + 1);
      latest.set(event.conversationId, conversation);
      steps[conversation.step] ??= [];
      steps[conversation.step]?.push(conversation);
    }
    conversation.revision = Math.max(conversation.revision, event.seq);
    conversation.changed = streamSeqs[index] as number;
    if (event.importedTo !== undefined)
      conversation.imported = event.seq < event.importedTo ? 'incoming' : 'whole';
    if (concernsCalls(event)) keepForCalls(conversation, event);
    apply(conversation, event);
  }
  return steps;
}

export const untouched = (conversationId: string, step: number): ConversationChanges => ({
  conversationId,
  step,
  revision: 0,
  changed: 0,
  messages: 0,
  lastActivityAt: 0,
  members: new Map(),
  banned: new Map(),
  bans: new Map(),
  sent: new Map(),
  erased: [],
  amended: new Map(),
  expired: [],
  reactions: new Map(),
  pins: new Map(),
  calls: [],
});

const isErasure = ({ type }: Envelope): boolean => type === 'conversation.erased' || type === 'member.erased';

/** Whether it may change who is in a call; and by the last event of an import a call that came with it is over. */
function concernsCalls({ type, seq, importedTo }: Envelope): boolean {
  switch (type) {
    case 'call.started':
    case 'call.joined':
    case 'call.left':
    case 'call.ended':
    case 'member.removed':
    case 'member.left':
    case 'member.banned':
    case 'member.erased':
    case 'conversation.closed':
      return true;
    default:
      return seq === importedTo;
  }
}

function apply(changes: ConversationChanges, event: Envelope): void {
  switch (event.type) {
    case 'conversation.created': {
      const { kind, title, ttl, expiresAt, members } = event.data;
      changes.kind ??= kind;
      if (title !== undefined) changes.title = title;
      changes.ttl = ttl;
      if (expiresAt !== undefined) changes.expiresAt = expiresAt;
      enter(changes, members, event.seq);
      changes.lastActivityAt = Math.max(changes.lastActivityAt, event.at);
      return;
    }
    case 'conversation.renamed':
      changes.title = event.data.title;
      return;
    case 'conversation.ttlSet':
      changes.ttl = event.data.ttl;
      return;
    case 'conversation.closed':
      changes.closed = true;
      return;
    case 'conversation.expirySet':
      changes.expiresAt = event.data.expiresAt;
      return;
    case 'conversation.held':
      changes.hold = { reason: event.data.reason, since: event.at, by: event.actor };
      return;
    case 'conversation.released':
      changes.hold = null;
      return;
    case 'conversation.erased':
      changes.erasure = { tag: 'conversation', at: event.at, changed: changes.changed };
      return;
    case 'member.added':
      return enter(changes, event.data.members, event.seq);
    case 'member.removed':
      for (const user of event.data.users) leave(changes, user);
      return;
    case 'member.left':
      return leave(changes, event.actor);
    case 'member.roleSet':
      return setRole(changes, event.data);
    case 'member.banned':
      return ban(changes, event.data.banHash);
    case 'member.unbanned':
      changes.bans.set(event.data.banHash, false);
      return;
    case 'member.erased':
      return erasePerson(changes, event);
    case 'message.sent':
      return send(changes, event);
    case 'message.edited':
      return edit(changes, event);
    case 'message.deleted':
      return tombstone(changes, event);
    case 'message.reacted':
      return react(changes, event);
    case 'message.expired':
      return expire(changes, event);
    case 'message.pinned':
      return pin(changes, event);
    case 'message.unpinned':
      changes.pins.set(event.data.seq, { wasUnpinned: true, pin: undefined });
      return;
    case 'message.erased':
      return foldErased(changes, event);
    case 'call.started':
    case 'call.joined':
    case 'call.left':
    case 'call.muted':
    case 'call.broadcastSet':
    case 'call.ended':
      return;
    default:
      return event satisfies never;
  }
}

function enter(
  changes: ConversationChanges,
  entries: EventOf<'member.added'>['data']['members'],
  since: number,
): void {
  for (const { user, role, banHash } of entries)
    changes.members.set(user, { tag: 'present', role, since, banHash });
}

function setRole({ members }: ConversationChanges, { user, role }: EventOf<'member.roleSet'>['data']): void {
  const member = members.get(user);
  if (member?.tag === 'absent') return;
  members.set(user, member?.tag === 'present' ? { ...member, role } : { tag: 'role', role });
}

function erasePerson(changes: ConversationChanges, { at, data }: EventOf<'member.erased'>): void {
  const { user, successor } = data;
  changes.erasure = { tag: 'person', user, at };
  leave(changes, user);
  if (successor !== undefined) setRole(changes, { user: successor, role: 'owner' });
}

function leave({ members, changed }: ConversationChanges, user: string): void {
  members.set(user, { tag: 'absent', at: changed });
}

function ban(changes: ConversationChanges, banHash: string): void {
  const { members, banned, bans, changed } = changes;
  if (!banned.has(banHash)) banned.set(banHash, changed);
  bans.set(banHash, true);
  for (const [user, member] of members) {
    if (member.tag === 'present' && member.banHash === banHash) leave(changes, user);
  }
}
