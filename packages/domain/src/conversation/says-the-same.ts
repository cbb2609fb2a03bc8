import type { Envelope } from '../log/envelope.js';
import { type Body, closeTitle, type OpaqueBody, openBody, openBodyJson } from './body.js';
import type { Command } from './commands.js';
import type { EventOf, EventType } from './events.js';
import type { Entry, Ttl } from './vocabulary.js';

/**
 * Whether a command says what an event holds that was made under its id; else the id was used for something else. What the
 * server added does not count: times, ordinals, hashes of people it knew before. A body or title that cannot be read
 * any more counts as the same. An event names only those whom it changed, so a command may name more: they were in, or out, already.
 */
export function saysTheSame(command: Command, event: Envelope): boolean {
  switch (command.type) {
    case 'conversation.create': {
      const { kind, members, title, ttl = null, expiresAt } = command.data;
      const people = new Set([command.actor, ...members]);
      return madeBy(event, 'conversation.created', (made) => {
        const named = made.members.map(({ user }) => user);
        const asked: Settings = { kind, ttl, expiresAt };
        const settings: Settings = { kind: made.kind, ttl: made.ttl, expiresAt: made.expiresAt };
        return isSame(asked, settings) && sameTitle(title, made.title) && sameSet(people, named);
      });
    }
    case 'conversation.rename':
      return madeBy(event, 'conversation.renamed', ({ title }) => sameTitle(command.data.title, title));
    case 'conversation.setTtl':
      return madeBy(event, 'conversation.ttlSet', ({ ttl }) => ttl === command.data.ttl);
    case 'conversation.setExpiry':
      return madeBy(event, 'conversation.expirySet', (made) => made.expiresAt === command.data.expiresAt);
    case 'conversation.close':
      return madeBy(event, 'conversation.closed');
    case 'conversation.hold':
      return madeBy(event, 'conversation.held', ({ reason }) => reason === command.data.reason);
    case 'conversation.release':
      return madeBy(event, 'conversation.released');
    case 'conversation.erase':
      return madeBy(event, 'conversation.erased');
    case 'member.add': {
      const { users, role = 'member' } = command.data;
      const isNamed = (entry: Entry): boolean => entry.role === role && users.includes(entry.user);
      return madeBy(event, 'member.added', ({ members }) => members.every(isNamed));
    }
    case 'member.remove':
      return madeBy(event, 'member.removed', ({ users }) =>
        users.every((user) => command.data.users.includes(user)),
      );
    case 'member.leave':
      return madeBy(event, 'member.left');
    case 'member.setRole':
      return madeBy(event, 'member.roleSet', (made) =>
        isSame({ user: command.data.user, role: command.data.role }, made),
      );
    case 'member.ban':
      return madeBy(event, 'member.banned', ({ banHash }) => hashNamed(command) === banHash);
    case 'member.unban':
      return madeBy(event, 'member.unbanned', ({ banHash }) => hashNamed(command) === banHash);
    case 'member.erase':
      return madeBy(event, 'member.erased', ({ user }) => user === command.data.user);
    case 'message.send': {
      const { body, replyTo, ttl } = command.data;
      const isSameLife = (expiresAt: number | undefined): boolean =>
        ttl === undefined || (expiresAt !== undefined && expiresAt - event.at === ttl * 1_000);
      return madeBy(
        event,
        'message.sent',
        (made) => made.replyTo === replyTo && isSameLife(made.expiresAt) && sameBody(body, made.body),
      );
    }
    case 'message.edit': {
      const { seq, body } = command.data;
      return madeBy(event, 'message.edited', (made) => made.seq === seq && sameBody(body, made.body));
    }
    case 'message.delete':
      return madeBy(event, 'message.deleted', ({ seq }) => seq === command.data.seq);
    case 'message.react': {
      const { seq, emoji, remove: removed = false } = command.data;
      return madeBy(
        event,
        'message.reacted',
        (made) => made.seq === seq && made.emoji === emoji && made.removed === removed,
      );
    }
    case 'message.pin':
      return madeBy(event, 'message.pinned', ({ seq }) => seq === command.data.seq);
    case 'message.unpin':
      return madeBy(event, 'message.unpinned', ({ seq }) => seq === command.data.seq);
    case 'message.erase':
      return madeBy(event, 'message.erased', ({ seq }) => seq === command.data.seq);
    case 'message.expire': {
      const asked = new Set(command.data.ranges.map(String));
      return madeBy(event, 'message.expired', ({ ranges }) =>
        ranges.every((range) => asked.has(String(range))),
      );
    }
    case 'call.start':
      return madeBy(event, 'call.started', ({ media }) => media === command.data.media);
    case 'call.join':
      return madeBy(event, 'call.joined', ({ call }) => call === command.data.call);
    case 'call.leave':
      return madeBy(event, 'call.left', ({ participant }) => participant === command.data.participant);
    case 'call.mute':
      return madeBy(
        event,
        'call.muted',
        ({ call, user, muted }) =>
          call === command.data.call && user === command.data.user && muted === command.data.muted,
      );
    case 'call.broadcast':
      return madeBy(
        event,
        'call.broadcastSet',
        ({ call, source }) => call === command.data.call && source === command.data.source,
      );
    case 'call.end':
      return madeBy(event, 'call.ended', ({ call }) => call === command.data.call);
    default:
      return command satisfies never;
  }
}

type Settings = {
  readonly kind: string;
  readonly ttl: Ttl;
  readonly expiresAt: number | undefined;
};

function madeBy<T extends EventType>(
  event: Envelope,
  type: T,
  fits: (data: EventOf<T>['data']) => boolean = () => true,
): boolean {
  return event.type === type && fits(event.data as EventOf<T>['data']);
}

/**
 * The hash of the one person a ban is about. It differs where somebody was banned under a hash of an older key: then a true
 * repetition is refused, which changes nothing.
 */
function hashNamed({ banHashes, data }: Extract<Command, { type: 'member.ban' | 'member.unban' }>) {
  return Object.hasOwn(banHashes, data.user) ? banHashes[data.user] : undefined;
}

function sameTitle(title: string | undefined, opaque: OpaqueBody | undefined): boolean {
  if (title === undefined || opaque === undefined) return title === opaque;
  return opaque === closeTitle(title) || openBodyJson(opaque) === undefined;
}

function sameBody(body: Body, opaque: OpaqueBody): boolean {
  const stored = openBody(opaque);
  return stored === undefined || isSame<object>(body, stored);
}

/** Whether two flat objects have the same fields; one that is undefined is one that is not there. */
function isSame<A extends object>(one: A, other: A): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof A>;
  return [...keys].every((key) => one[key] === other[key]);
}

function sameSet(wanted: ReadonlySet<string>, found: readonly string[]): boolean {
  return wanted.size === found.length && found.every((user) => wanted.has(user));
}
