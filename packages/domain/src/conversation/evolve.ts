import type { Envelope } from '../log/envelope.js';
import { isEventType } from './events.js';
import { LayeredMap } from './layered-map.js';
import { amend, recallSeq, remember, rememberGone } from './recent.js';
import {
  type Conversation,
  type Deed,
  type Member,
  type Open,
  REMEMBERED_COMMANDS,
  REMEMBERED_PRODUCERS,
  type Standing,
  stands,
} from './state.js';
import type { Entry, Producer, Remains, Role } from './vocabulary.js';

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
      return { ...state, tag: 'closed' };
    case 'conversation.held':
      return { ...state, hold: { reason: event.data.reason, since: event.at, by: event.actor } };
    case 'conversation.released':
      return { ...state, hold: undefined };
    case 'conversation.erased': {
      const { revision, recent, producers } = state;
      return { tag: 'erased', revision, recent, producers };
    }
    case 'member.added':
      return enter(state, event.data.members, event.seq);
    case 'member.removed':
      return leave(state, event.data.users);
    case 'member.left':
      return leave(state, [event.actor]);
    case 'member.roleSet':
      return withRole(state, event.data.user, event.data.role);
    case 'member.banned': {
      const banned = [...state.members].filter(([, member]) => member.banHash === event.data.banHash);
      const rest = leave(
        state,
        banned.map(([user]) => user),
      );
      return { ...rest, bans: new Set(state.bans).add(event.data.banHash) };
    }
    case 'member.unbanned': {
      const bans = new Set(state.bans);
      bans.delete(event.data.banHash);
      return { ...state, bans };
    }
    case 'member.erased':
      return eraseMember(state, event.data);
    case 'message.sent':
      return { ...state, messages: Math.max(state.messages, event.data.ordinal) };
    case 'message.pinned':
      return state.pins.includes(event.data.seq)
        ? state
        : { ...state, pins: [...state.pins, event.data.seq] };
    case 'message.unpinned':
      return unpinned(state, (seq) => seq === event.data.seq);
    case 'message.edited':
    case 'message.reacted':
      return state;
    case 'message.deleted':
      return without(state, (seq) => seq === event.data.seq);
    case 'message.erased':
      return event.data.remains.reduce(recallRemains, state);
    case 'message.expired':
      return without(state, (seq) => event.data.ranges.some(([from, to]) => from <= seq && seq <= to));
    default:
      return event satisfies never;
  }
}

/** What every event leaves behind: revision, the deed remembered, and the position of its source. */
function trace<S extends Conversation>(state: S, event: Envelope): S {
  const { actor, commandId, type, seq, at } = event;
  const expiresAt = event.type === 'message.sent' ? event.data.expiresAt : undefined;
  const deed: Deed = { actor, commandId, type, seq, at, ...(expiresAt === undefined ? {} : { expiresAt }) };
  return {
    ...state,
    revision: seq,
    recent: remember(state.recent, deed, REMEMBERED_COMMANDS),
    producers: event.producer === undefined ? state.producers : advance(state.producers, event.producer),
  };
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
  const written = (deed: Deed): boolean => deed.actor === user;
  const gone = { ...state, recent: amend(state.recent, markGone(written)) };
  const rest = leave(gone, [user]);
  return successor === undefined ? rest : withRole(rest, successor, 'owner');
}

/** Messages that are gone are no longer pinned. */
const without = (state: Standing, gone: (seq: number) => boolean): Standing =>
  unpinned(
    {
      ...state,
      recent: amend(
        state.recent,
        markGone(({ seq }) => gone(seq)),
      ),
    },
    gone,
  );

const unpinned = (state: Standing, gone: (seq: number) => boolean): Standing =>
  state.pins.some(gone) ? { ...state, pins: state.pins.filter((seq) => !gone(seq)) } : state;

const markGone =
  (gone: (deed: Deed) => boolean) =>
  (deed: Deed): Deed =>
    deed.type === 'message.sent' && gone(deed) ? { ...deed, gone: true } : deed;

/**
 * An event that the log no longer has is remembered by what is left of it: its command is not done again, nor is anything before
 * its place in its source, and the next message does not get its ordinal. What was there already stays as it is.
 */
function recallRemains(state: Standing, remains: Remains): Standing {
  const { type, actor, commandId, seq, at, producer, data } = remains;
  const deed = { actor, commandId, seq, at, ...(type === 'message.sent' ? { gone: true as const } : {}) };
  const ordinal = (data as { readonly ordinal?: unknown } | null)?.ordinal;
  const isBehind = producer !== undefined && (state.producers.get(producer.id) ?? 0) < producer.position;
  return {
    ...state,
    messages: Number.isSafeInteger(ordinal) ? Math.max(state.messages, ordinal as number) : state.messages,
    producers: isBehind ? advance(state.producers, producer) : state.producers,
    recent:
      isEventType(type) && recallSeq(state.recent, seq) === undefined
        ? rememberGone(state.recent, { ...deed, type })
        : state.recent,
  };
}
