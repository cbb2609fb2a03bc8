import type { MethodName } from '../wire/methods.js';
import { GARDEN, NOON } from './commands.js';
import { voiceSamples } from './voice-samples.js';

const base = { conversationId: GARDEN, commandId: 'c-1' };
const imported = { as: 'bob', sentAt: NOON, producer: { id: 'log.txt', position: 7 } };
const answer = { conversationId: GARDEN, seq: 7, at: NOON, repeated: true };
const text = { kind: 'text', text: 'hello', emote: true };
const sealed = { kind: 'sealed', ciphertext: 'AAAA', nonce: 'AAA=', tag: 'AA' };
const message = {
  seq: 7,
  ordinal: 3,
  author: 'ann',
  at: NOON,
  body: text,
  sentAt: NOON,
  replyTo: 2,
  reactions: [{ emoji: '+1', count: 2, mine: false }],
  replies: 3,
};
const conversation = {
  conversationId: GARDEN,
  kind: 'group',
  role: 'owner',
  ttl: 60,
  closed: false,
  title: 'Garden',
  expiresAt: NOON,
  hold: { reason: 'case 7', since: NOON, by: 'olga' },
};

const inList = {
  ...conversation,
  memberCount: 3,
  revision: 9,
  lastActivityAt: NOON,
  unread: 1,
  read: 5,
  delivered: 7,
  preview: message,
};

export type Sample = { readonly params: object; readonly result: object };

/** Params and result of every method, each with every optional field, as JSON. */
export const samples: Readonly<Record<MethodName, Sample>> = {
  'session.open': {
    params: { token: 'a.b.c', device: 'phone', resume: { [GARDEN]: 7 } },
    result: { user: 'ann', device: 'phone', conversations: 3, expiresAt: NOON, now: NOON },
  },
  'conversation.create': {
    params: {
      ...base,
      ...imported,
      kind: 'group',
      members: ['bob', 'cem'],
      title: 'Garden',
      ttl: 60,
      expiresAt: NOON,
    },
    result: answer,
  },
  'conversation.list': {
    params: { limit: 20, after: '5.garden' },
    result: {
      conversations: [inList],
      hasMore: true,
      nextCursor: '5.garden',
    },
  },
  'conversation.get': {
    params: { conversationId: GARDEN, membersAfter: 'ann', membersLimit: 10 },
    result: {
      ...conversation,
      memberCount: 3,
      revision: 9,
      members: [{ user: 'ann', role: 'owner', since: 1 }],
      hasMoreMembers: true,
      producers: { 'log.txt': 7 },
      pins: [7],
      behind: 3,
    },
  },
  'conversation.rename': { params: { ...base, ...imported, title: 'Roses' }, result: answer },
  'conversation.setTtl': { params: { ...base, ttl: null }, result: answer },
  'conversation.setExpiry': { params: { ...base, expiresAt: NOON }, result: answer },
  'conversation.hold': { params: { ...base, reason: 'case 7' }, result: answer },
  'conversation.release': { params: base, result: answer },
  'conversation.erase': { params: base, result: answer },
  'conversation.close': { params: base, result: answer },
  'member.add': { params: { ...base, users: ['bob', 'cem'], role: 'admin' }, result: answer },
  'member.remove': { params: { ...base, users: ['bob'] }, result: answer },
  'member.leave': { params: { ...base, ...imported }, result: answer },
  'member.setRole': { params: { ...base, user: 'bob', role: 'admin' }, result: answer },
  'member.ban': { params: { ...base, user: 'bob' }, result: answer },
  'member.unban': { params: { ...base, user: 'bob' }, result: answer },
  'message.send': { params: { ...base, ...imported, body: sealed, replyTo: 2, ttl: 60 }, result: answer },
  'message.edit': { params: { ...base, seq: 7, body: text }, result: answer },
  'message.delete': { params: { ...base, seq: 7 }, result: answer },
  'message.react': { params: { ...base, seq: 7, emoji: '+1', remove: false }, result: answer },
  'message.pin': { params: { ...base, seq: 7 }, result: answer },
  'message.unpin': { params: { ...base, seq: 7 }, result: answer },
  'message.list': {
    params: { conversationId: GARDEN, limit: 50, before: '7.abc', after: '1.abc', around: 7, minSeq: 3 },
    result: {
      messages: [message, { ...message, body: null, sealed: 'locked' }],
      hasMore: false,
      revision: 9,
      nextCursor: '7.abc',
      previousCursor: '2.abc',
    },
  },
  'receipt.mark': {
    params: { marks: [{ conversationId: GARDEN, delivered: 7, read: 5 }] },
    result: {
      watermarks: [
        { conversationId: GARDEN, user: 'ann', delivered: 7, read: 5, at: NOON, unread: 2, revision: 9 },
      ],
    },
  },
  'message.info': {
    params: { conversationId: GARDEN, seq: 7, after: 'ann', limit: 100 },
    result: {
      conversationId: GARDEN,
      seq: 7,
      recipients: [{ user: 'bob', deliveredAt: NOON, readAt: NOON }],
      members: 2,
      received: 1,
      read: 1,
      hasMore: false,
    },
  },
  'session.renew': { params: { token: 'a.b.c' }, result: { expiresAt: NOON } },
  'session.sync': {
    params: { since: '1.2.3', after: '4.5', limit: 50 },
    result: {
      conversations: [inList],
      left: ['shed'],
      token: '1.2.4',
      full: false,
      hasMore: true,
      nextCursor: '4.6',
    },
  },
  'typing.set': { params: { conversationId: GARDEN, typing: true }, result: {} },
  'presence.set': { params: { status: 'away' }, result: {} },
  'presence.watch': {
    params: { users: ['bob'] },
    result: { people: [{ user: 'bob', status: 'offline', lastSeenAt: NOON }] },
  },
  'device.register': {
    params: { commandId: 'c-1', keys: 'AAAA', name: 'Phone' },
    result: { device: 'phone', at: NOON, repeated: true },
  },
  'device.revoke': {
    params: { commandId: 'c-1', device: 'phone' },
    result: { device: 'phone', at: NOON, repeated: true },
  },
  'account.erase': {
    params: { commandId: 'c-1', user: 'bob' },
    result: { user: 'bob', at: NOON, repeated: true },
  },
  'device.list': {
    params: {},
    result: {
      devices: [
        { device: 'phone', registeredAt: NOON, isMine: true, name: 'Phone', keys: 'AAAA', revokedAt: NOON },
      ],
    },
  },
  'call.start': { params: { ...base, ...imported, media: 'voice' }, result: answer },
  'call.join': { params: { ...base, ...imported, call: 7 }, result: answer },
  'call.leave': { params: { ...base, ...imported, call: 7, participant: 8 }, result: answer },
  'call.mute': { params: { ...base, ...imported, call: 7, user: 'bob', muted: true }, result: answer },
  'call.broadcast': { params: { ...base, ...imported, call: 7, source: 'mix' }, result: answer },
  'call.end': { params: { ...base, ...imported, call: 7 }, result: answer },
  'call.get': {
    params: { conversationId: GARDEN },
    result: {
      revision: 9,
      call: {
        call: 7,
        media: 'video',
        by: 'ann',
        at: NOON,
        p2pMax: 4,
        topology: 'p2p',
        participants: [{ participant: 7, user: 'ann', device: 'phone', at: NOON }],
        muted: ['bob'],
        broadcast: null,
      },
    },
  },
  'call.list': {
    params: { conversationId: GARDEN, before: 20, after: 5, limit: 10 },
    result: {
      calls: [
        {
          call: 7,
          media: 'voice',
          by: 'ann',
          at: NOON,
          joined: true,
          people: 1,
          participants: [{ user: 'ann', device: 'phone', joinedAt: NOON, leftAt: NOON, why: 'left' }],
          endedAt: NOON,
        },
      ],
      hasMore: false,
      revision: 9,
    },
  },
  ...voiceSamples,
  'device.keys': {
    params: { conversationId: GARDEN, after: 'ann', limit: 10 },
    result: {
      members: [{ user: 'bob', devices: [{ device: 'phone', keys: 'AAAA' }] }],
      hasMore: true,
      nextAfter: 'bob',
    },
  },
};
