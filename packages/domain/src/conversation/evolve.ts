import { foldCall, withoutPeople } from '../call/fold-call.js';
import type { Envelope } from '../log/envelope.js';
import { eventOfRemains } from '../log/remains.js';
import { covers } from './covers.js';
import { LayeredMap } from './layered-map.js';
import { amend, recallDeed, recallSeq, remember } from './recent.js';
import {
  type Conversation,
  type Deed,
  isPinned,
  type Member,
  type Open,
  REMEMBERED_COMMANDS,
  REMEMBERED_PRODUCERS,
  type Standing,
  stands,
} from './state.js';
import type { Entry, Pin, Producer, Role } from './vocabulary.js';

/**
 * The state after one more event. Total: an event that does not fit the state changes nothing but the revision, because
 * what is in the log has happened.
 */
export function evolve(state: Conversation, event: Envelope): Conversation {
  return trace(apply(state, event), event);
}

function apply(state: Conversation, event: Envelope): Conversation {
  if (event.type === 'conversation.created') return state.tag === 'absent' ? create(state, event) : state;
  if (!stands(state)) return state;
  switch (event.type) {
    case 'conversation.renamed':
      return { ...state, title: event.data.title };
    case 'conversation.ttlSet':
      return { ...state, ttl: event.data.ttl };
    case 'conversation.expirySet':
      return { ...state, expiresAt: event.data.expiresAt };
    case 'conversation.closed':
      return { ...state, tag: 'closed', call: undefined };
    case 'conversation.held':
      return { ...state, hold: { reason: event.data.reason, since: event.at, by: event.actor } };
    case 'conversation.released':
      return { ...state, hold: undefined };
    case 'conversation.erased': {
      const { revision, recent, producers, isIncoming } = state;
      return { tag: 'erased', revision, recent, producers, isIncoming };
    }
    case 'member.added':
      return enter(state, event.data.members, event.seq);
    case 'member.removed':
      return leave(withCall(state, event), event.data.users);
    case 'member.left':
      return leave(withCall(state, event), [event.actor]);
    case 'member.roleSet':
      return withRole(state, event.data.user, event.data.role);
    case 'member.banned': {
      const banned = [...state.members].filter(([, member]) => member.banHash === event.data.banHash);
      const users = banned.map(([user]) => user);
      const call = state.call && withoutPeople(state.call, users);
      return { ...leave(state, users), bans: new Set(state.bans).add(event.data.banHash), call };
    }
    case 'member.unbanned': {
      const bans = new Set(state.bans);
      bans.delete(event.data.banHash);
      return { ...state, bans };
    }
    case 'member.erased':
      return eraseMember(withCall(state, event), event.data);
    case 'message.sent':
      return { ...state, messages: Math.max(state.messages, event.data.ordinal) };
    case 'message.pinned':
      return isPinned(state, event.data.seq) ? state : { ...state, pins: [...state.pins, event.data] };
    case 'message.unpinned':
      return unpinned(state, ({ seq }) => seq === event.data.seq);
    case 'message.edited':
    case 'message.reacted':
      return state;
    case 'message.deleted':
      return without(state, ({ seq }) => seq === event.data.seq);
    case 'message.erased':
      return event.data.remains
        .map((each) => eventOfRemains(event.conversationId, each))
        .reduce(recallEvent, state);
    case 'message.expired':
      return without(state, ({ seq }) => covers(event.data.ranges, seq));
    case 'call.started':
    case 'call.joined':
    case 'call.left':
    case 'call.muted':
    case 'call.broadcastSet':
    case 'call.ended':
      return withCall(state, event);
    default:
      return event satisfies never;
  }
}

/** A call that another log tells of is not going on here, even if that log does not say how it ended. */
const withCall = (state: Standing, event: Envelope): Standing =>
  event.importedTo === undefined ? { ...state, call: foldCall(state.call, event) } : state;

/** What every event leaves behind: revision, the deed remembered, and the position of its source. */
function trace<S extends Conversation>(state: S, event: Envelope): S {
  return {
    ...state,
    revision: event.seq,
    recent: remember(state.recent, deedOf(event), REMEMBERED_COMMANDS),
    producers: event.producer === undefined ? state.producers : advance(state.producers, event.producer),
    isIncoming: event.importedTo !== undefined && event.seq < event.importedTo,
  };
}

function deedOf(event: Envelope): Deed {
  const { actor, commandId, type, seq, at } = event;
  const expiresAt = event.type === 'message.sent' ? event.data.expiresAt : undefined;
  return { actor, commandId, type, seq, at, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

function advance(
  producers: Conversation['producers'],
  { id, position }: Producer,
): Conversation['producers'] {
  const next = producers.with([[id, position]]);
  return next.size > REMEMBERED_PRODUCERS ? next.without([next.keys().next().value as string]) : next;
}

function create(state: Conversation, event: Extract<Envelope, { type: 'conversation.created' }>): Open {
  const { kind, title, ttl, expiresAt = null, members } = event.data;
  const empty: Open = {
    tag: 'open',
    revision: state.revision,
    recent: state.recent,
    producers: state.producers,
    isIncoming: state.isIncoming,
    kind,
    title,
    ttl,
    expiresAt,
    hold: undefined,
    pins: [],
    members: LayeredMap.of(),
    owners: 0,
    bans: new Set(),
    messages: 0,
    call: undefined,
  };
  return enter(empty, members, event.seq);
}

function enter<S extends Standing>(state: S, entries: readonly Entry[], seq: number): S {
  return withMembers(
    state,
    entries.map(({ user, role, banHash }) => [user, { role, banHash, since: seq }]),
  );
}

function leave<S extends Standing>(state: S, users: readonly string[]): S {
  const present = [...new Set(users)].filter((user) => state.members.has(user));
  const owners = state.owners - present.filter((user) => state.members.get(user)?.role === 'owner').length;
  return { ...state, members: state.members.without(present), owners };
}

function withRole<S extends Standing>(state: S, user: string, role: Role): S {
  const member = state.members.get(user);
  return member === undefined ? state : withMembers(state, [[user, { ...member, role }]]);
}

/** Sets members, and counts the owners among them without a look at all the others. */
function withMembers<S extends Standing>(state: S, changed: readonly (readonly [string, Member])[]): S {
  const latest = new Map(changed);
  let owners = state.owners;
  for (const [user, { role }] of latest) {
    if (state.members.get(user)?.role === 'owner') owners--;
    if (role === 'owner') owners++;
  }
  return { ...state, members: state.members.with(latest), owners };
}

/** Their messages are gone, and so are they; where they were the last owner, the successor named is one. */
function eraseMember(
  state: Standing,
  { user, successor }: { readonly user: string; readonly successor?: string },
): Standing {
  const gone = without(state, ({ author }) => author === user);
  const rest = leave(gone, [user]);
  return successor === undefined ? rest : withRole(rest, successor, 'owner');
}

/** Messages that are gone are no longer pinned. */
const without = (state: Standing, gone: (message: Pin) => boolean): Standing =>
  unpinned({ ...state, recent: amend(state.recent, markGone(gone)) }, gone);

const unpinned = (state: Standing, gone: (message: Pin) => boolean): Standing =>
  state.pins.some(gone) ? { ...state, pins: state.pins.filter((pin) => !gone(pin)) } : state;

const markGone =
  (gone: (message: Pin) => boolean) =>
  (deed: Deed): Deed =>
    deed.type === 'message.sent' && gone({ seq: deed.seq, author: deed.actor })
      ? { ...deed, gone: true }
      : deed;

/**
 * What an event that the log no longer has left behind when it was there: so its command is not done again, its ordinal not given
 * again, and its source not read again.
 */
function recallEvent(state: Standing, event: Envelope | undefined): Standing {
  if (event === undefined || event.seq > state.revision) return state;
  const { seq, producer } = event;
  const isKnown = recallSeq(state.recent, seq) !== undefined;
  const isAhead = producer !== undefined && producer.position > (state.producers.get(producer.id) ?? 0);
  const deed = markGone(() => true)(deedOf(event));
  return {
    ...state,
    messages: event.type === 'message.sent' ? Math.max(state.messages, event.data.ordinal) : state.messages,
    recent: isKnown ? state.recent : recallDeed(state.recent, deed, REMEMBERED_COMMANDS),
    producers: isAhead ? advance(state.producers, producer) : state.producers,
  };
}
