import * as t from 'io-ts';
import { Instant, Seq, UserId } from '../ids.js';
import { boundedInteger } from '../text.js';
import { OpaqueBody } from './body.js';
import { BanHash, Emoji, Entry, Kind, Role, SeqRange, Title, Ttl } from './vocabulary.js';

const optional = <P extends t.Props>(props: P) => t.exact(t.partial(props));
const entries = t.readonlyArray(Entry);
const users = t.readonlyArray(UserId);

/**
 * Every event by its name in the log: its current version and the codec of its data. Older versions pass the upcasters
 * first. `ordinal` numbers the messages of a conversation densely from 1, so that unread counts are differences.
 */
export const eventCodecs = {
  'conversation.created': {
    version: 2,
    data: t.intersection([t.strict({ kind: Kind, members: entries, ttl: Ttl }), optional({ title: Title })]),
  },
  'conversation.renamed': { version: 1, data: t.strict({ title: Title }) },
  'conversation.ttlSet': { version: 1, data: t.strict({ ttl: Ttl }) },
  'conversation.closed': { version: 1, data: t.strict({}) },
  'member.added': { version: 1, data: t.strict({ members: entries }) },
  'member.removed': { version: 1, data: t.strict({ users }) },
  'member.left': { version: 1, data: t.strict({}) },
  'member.roleSet': { version: 1, data: t.strict({ user: UserId, role: Role }) },
  'member.banned': { version: 1, data: t.strict({ banHash: BanHash }) },
  'member.unbanned': { version: 1, data: t.strict({ banHash: BanHash }) },
  'message.sent': {
    version: 1,
    data: t.intersection([
      t.strict({ ordinal: boundedInteger('ordinal', 1, Number.MAX_SAFE_INTEGER), body: OpaqueBody }),
      optional({ sentAt: Instant, replyTo: Seq, expiresAt: Instant }),
    ]),
  },
  'message.edited': { version: 1, data: t.strict({ seq: Seq, body: OpaqueBody }) },
  'message.deleted': { version: 1, data: t.strict({ seq: Seq }) },
  'message.reacted': { version: 1, data: t.strict({ seq: Seq, emoji: Emoji, removed: t.boolean }) },
  'message.expired': { version: 1, data: t.strict({ ranges: t.readonlyArray(SeqRange) }) },
} as const;

export type EventType = keyof typeof eventCodecs;

export type EventOf<T extends EventType> = {
  readonly type: T;
  readonly data: t.TypeOf<(typeof eventCodecs)[T]['data']>;
};

/** What has happened, as deciding returns it: without its place in the log. */
export type ConversationEvent = { [T in EventType]: EventOf<T> }[EventType];

export type ConversationCreated = EventOf<'conversation.created'>;
export type MemberAdded = EventOf<'member.added'>;
export type MessageSent = EventOf<'message.sent'>;

export const isEventType = (name: string): name is EventType => Object.hasOwn(eventCodecs, name);
