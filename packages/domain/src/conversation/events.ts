import * as t from 'io-ts';
import { Broadcast, CallMedia, MAX_P2P, WhyLeft } from '../call/call.js';
import { DeviceId, Instant, Seq, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { boundedInteger } from '../text.js';
import { OpaqueBody } from './body.js';
import {
  BanHash,
  Emoji,
  Ending,
  Entry,
  Fate,
  HoldReason,
  Kind,
  Pin,
  Remains,
  Role,
  SeqRange,
  Ttl,
} from './vocabulary.js';

const entries = t.readonlyArray(Entry);
const users = t.readonlyArray(UserId);

/**
 * Every event by its name in the log: its current version and the codec of its data. Older versions pass the upcasters
 * first. `ordinal` numbers the messages of a conversation densely from 1, so that unread counts are differences. `expiresAt` of an
 * edit or a reaction is the message's: so whoever tells of it later knows from the event alone whether it may still be told. A call is named by the
 * seq of the event that started it, a participant by the seq of the event by which its device entered.
 */
export const eventCodecs = {
  'conversation.created': {
    version: 3,
    data: shape({ kind: Kind, members: entries, ttl: Ttl }, { title: OpaqueBody, expiresAt: Instant }),
  },
  'conversation.renamed': { version: 2, data: shape({ title: OpaqueBody }) },
  'conversation.ttlSet': { version: 1, data: shape({ ttl: Ttl }) },
  'conversation.expirySet': { version: 1, data: shape({ expiresAt: Ending }) },
  'conversation.closed': { version: 1, data: shape({}) },
  'conversation.held': { version: 1, data: shape({ reason: HoldReason }) },
  'conversation.released': { version: 1, data: shape({}) },
  'conversation.erased': { version: 1, data: shape({}) },
  'member.added': { version: 1, data: shape({ members: entries }) },
  'member.removed': { version: 1, data: shape({ users }) },
  'member.left': { version: 1, data: shape({}) },
  'member.roleSet': { version: 1, data: shape({ user: UserId, role: Role }) },
  'member.banned': { version: 1, data: shape({ banHash: BanHash }) },
  'member.unbanned': { version: 1, data: shape({ banHash: BanHash }) },
  'member.erased': { version: 1, data: shape({ user: UserId }, { successor: UserId }) },
  'message.sent': {
    version: 1,
    data: shape(
      { ordinal: boundedInteger('ordinal', 1, Number.MAX_SAFE_INTEGER), body: OpaqueBody },
      { sentAt: Instant, replyTo: Seq, expiresAt: Instant },
    ),
  },
  'message.edited': { version: 1, data: shape({ seq: Seq, body: OpaqueBody }, { expiresAt: Instant }) },
  'message.deleted': { version: 1, data: shape({ seq: Seq }) },
  'message.reacted': {
    version: 1,
    data: shape({ seq: Seq, emoji: Emoji, removed: t.boolean }, { expiresAt: Instant }),
  },
  'message.pinned': { version: 1, data: Pin },
  'message.unpinned': { version: 1, data: shape({ seq: Seq }) },
  'message.erased': { version: 1, data: shape({ seq: Seq, remains: t.readonlyArray(Remains) }, Fate) },
  'message.expired': { version: 1, data: shape({ ranges: t.readonlyArray(SeqRange) }) },
  'call.started': {
    version: 1,
    data: shape({ media: CallMedia, device: DeviceId, p2pMax: boundedInteger('p2pMax', 0, MAX_P2P) }),
  },
  'call.joined': { version: 1, data: shape({ call: Seq, device: DeviceId }) },
  'call.left': { version: 1, data: shape({ call: Seq, participant: Seq, user: UserId, why: WhyLeft }) },
  'call.muted': { version: 1, data: shape({ call: Seq, user: UserId, muted: t.boolean }) },
  'call.broadcastSet': {
    version: 1,
    data: shape({ call: Seq, source: Broadcast }),
  },
  'call.ended': { version: 1, data: shape({ call: Seq }) },
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
