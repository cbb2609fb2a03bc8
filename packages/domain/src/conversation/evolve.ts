import type { Envelope } from '../log/envelope.js';
import type { Entry, Producer, Role } from './vocabulary.js';
import { amend, remember } from './recent.js';
import {
  type Closed,
  type Conversation,
  type Deed,
  type Member,
  type Open,
  REMEMBERED_COMMANDS,
  REMEMBERED_PRODUCERS,
} from './state.js';

/**
 * The state after one more event. Total: an event that does not fit the state changes nothing but the revision, because
 * what is in the log has happened.
 */
export function evolve(state: Conversation, event: Envelope): Conversation {
  return trace(apply(state, event), event);
}

function apply(state: Conversation, event: Envelope): Conversation {
  if (event.type === 'conversation.created') return state.tag === 'absent' ? create(state, event) : state;
  if (state.tag === 'absent') return state;
  switch (event.type) {
    case 'conversation.renamed':
      return { ...state, title: event.data.title };
    case 'conversation.ttlSet':
      return { ...state, ttl: event.data.ttl };
    case 'conversation.closed':
      return { ...state, tag: 'closed' };
    case 'member.added':
      return withMembers(state, enter(state.members, event.data.members, event.seq));
    case 'member.removed':
      return withMembers(state, without(state.members, event.data.users));
    case 'member.left':
      return withMembers(state, without(state.members, [event.actor]));
    case 'member.roleSet':
      return withMembers(state, withRole(state.members, event.data.user, event.data.role));
    case 'member.banned': {
      const banned = [...state.members].filter(([, member]) => member.banHash === event.data.banHash);
      const rest = withMembers(state, without(state.members, banned.map(([user]) => user)));
      return { ...rest, bans: new Set(state.bans).add(event.data.banHash) };
    }
    case 'member.unbanned': {
      const bans = new Set(state.bans);
      bans.delete(event.data.banHash);
      return { ...state, bans };
    }
    case 'message.sent':
      return { ...state, messages: Math.max(state.messages, event.data.ordinal) };
    case 'message.edited':
    case 'message.reacted':
      return state;
    case 'message.deleted':
      return { ...state, recent: amend(state.recent, markGone((seq) => seq === event.data.seq)) };
    case 'message.expired': {
      const due = (seq: number) => event.data.ranges.some(([from, to]) => from <= seq && seq <= to);
      return { ...state, recent: amend(state.recent, markGone(due)) };
    }
    default:
      return event satisfies never;
  }
}

/** What every event leaves behind: revision, the deed remembered, and the position of its source. */
function trace<S extends Conversation>(state: S, event: Envelope): S {
  const { actor, commandId, type, seq, at } = event;
  const deed: Deed = { actor, commandId, type, seq, at };
  return {
    ...state,
    revision: seq,
    recent: remember(state.recent, deed, REMEMBERED_COMMANDS),
    producers: event.producer === undefined ? state.producers : advance(state.producers, event.producer),
  };
}

function advance(producers: Conversation['producers'], { id, position }: Producer): Conversation['producers'] {
  const next = new Map(producers);
  next.delete(id);
  next.set(id, position);
  if (next.size > REMEMBERED_PRODUCERS) next.delete(next.keys().next().value as string);
  return next;
}

function create(state: Conversation, event: Extract<Envelope, { type: 'conversation.created' }>): Open {
  const { kind, title, ttl, members } = event.data;
  const entered = enter(new Map(), members, event.seq);
  return {
    tag: 'open',
    revision: state.revision,
    recent: state.recent,
    producers: state.producers,
    kind,
    title,
    ttl,
    members: entered,
    owners: countOwners(entered),
    bans: new Set(),
    messages: 0,
  };
}

type Members = ReadonlyMap<string, Member>;

const withMembers = (state: Open | Closed, members: Members): Open | Closed => ({
  ...state,
  members,
  owners: countOwners(members),
});

function enter(members: Members, entries: readonly Entry[], seq: number): Members {
  const next = new Map(members);
  for (const { user, role, banHash } of entries) next.set(user, { role, banHash, since: seq });
  return next;
}

function without(members: Members, users: readonly string[]): Members {
  const next = new Map(members);
  for (const user of users) next.delete(user);
  return next;
}

function withRole(members: Members, user: string, role: Role): Members {
  const member = members.get(user);
  return member === undefined ? members : new Map(members).set(user, { ...member, role });
}

function countOwners(members: Members): number {
  let owners = 0;
  for (const { role } of members.values()) if (role === 'owner') owners++;
  return owners;
}

const markGone =
  (gone: (seq: number) => boolean) =>
  (deed: Deed): Deed =>
    deed.type === 'message.sent' && gone(deed.seq) ? { ...deed, gone: true } : deed;
