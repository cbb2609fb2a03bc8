import type { MethodName } from '../wire/methods.js';
import { GARDEN, NOON } from './commands.js';

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

const inCall = { conversationId: GARDEN, call: 7 };
const atNode = { ...inCall, ticket: 'a.b.c' };
const iceServers = [{ urls: ['turn:127.0.0.1:3478'], username: 'u', credential: 'c' }];
const dtlsParameters = {
  fingerprints: [{ algorithm: 'sha-256', value: '00:11:22:33:44:55:66:77' }],
  role: 'client',
};
const rtpParameters = {
  codecs: [
    {
      mimeType: 'audio/opus',
      payloadType: 111,
      clockRate: 48_000,
      channels: 2,
      parameters: { useinbandfec: 1, usedtx: 1 },
      rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
    },
  ],
  mid: '0',
  headerExtensions: [
    { uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 1, encrypt: false, parameters: { a: 1 } },
  ],
  encodings: [
    {
      ssrc: 1,
      rid: 'h',
      codecPayloadType: 111,
      rtx: { ssrc: 2 },
      dtx: true,
      active: true,
      scalabilityMode: 'L1T3',
      scaleResolutionDownBy: 2,
      maxBitrate: 1_000_000,
      maxFramerate: 30,
      adaptivePtime: false,
      priority: 'low',
      networkPriority: 'low',
    },
  ],
  rtcp: { cname: 'x', reducedSize: true, mux: true },
  msid: 'a b',
};
const rtpCapabilities = {
  codecs: [
    {
      kind: 'audio',
      mimeType: 'audio/opus',
      clockRate: 48_000,
      preferredPayloadType: 100,
      channels: 2,
      parameters: { minptime: 10 },
      rtcpFeedback: [{ type: 'nack', parameter: '' }],
    },
  ],
  headerExtensions: [
    {
      kind: 'audio',
      uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
      preferredId: 10,
      preferredEncrypt: false,
      direction: 'recvonly',
    },
  ],
};

/** Params and result of every method, each with every optional field, as JSON. */
export const samples: Readonly<Record<MethodName, { readonly params: object; readonly result: object }>> = {
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
  'voice.enter': {
    params: { ...inCall, participant: 8 },
    result: {
      topology: 'sfu',
      iceServers,
      revision: 9,
      node: 'sfu-1',
      fence: 3,
      ticket: 'a.b.c',
      expiresAt: NOON,
    },
  },
  'voice.iceServers': { params: {}, result: { iceServers, expiresAt: NOON } },
  'voice.signal': {
    params: {
      ...inCall,
      to: 8,
      signal: {
        type: 'candidate',
        candidate: 'candidate:1',
        sdpMid: '0',
        sdpMLineIndex: 0,
        usernameFragment: 'a',
      },
    },
    result: {},
  },
  'voice.state': {
    params: { ...inCall, state: { mic: true, camera: false, screen: false, deafened: false } },
    result: {},
  },
  'voice.attach': { params: atNode, result: { rtpCapabilities: {}, producers: 2 } },
  'voice.openTransport': {
    params: { ...atNode, direction: 'send' },
    result: {
      transport: 't-1',
      iceParameters: { usernameFragment: 'a', password: 'b', iceLite: true },
      iceCandidates: [{}],
      dtlsParameters: {},
    },
  },
  'voice.connectTransport': {
    params: { ...atNode, transport: 't-1', dtlsParameters },
    result: {},
  },
  'voice.restartIce': {
    params: { ...atNode, transport: 't-1' },
    result: { iceParameters: { usernameFragment: 'a', password: 'b', iceLite: true } },
  },
  'voice.produce': {
    params: { ...atNode, transport: 't-1', kind: 'audio', source: 'mic', rtpParameters, paused: true },
    result: { producer: 'p-1' },
  },
  'voice.setProducer': { params: { ...atNode, producer: 'p-1', paused: true, closed: true }, result: {} },
  'voice.receive': {
    params: { ...atNode, transport: 't-1', rtpCapabilities },
    result: {
      consumers: [
        {
          consumer: 'c-1',
          producer: 'p-1',
          participant: 8,
          kind: 'audio',
          source: 'mic',
          rtpParameters: {},
          producerPaused: false,
        },
      ],
    },
  },
  'voice.setConsumer': {
    params: {
      ...atNode,
      consumer: 'c-1',
      paused: false,
      width: 640,
      height: 360,
      priority: 2,
      keyFrame: true,
    },
    result: {},
  },
  'voice.report': {
    params: { ...inCall, rttMs: 20, latencyMs: 40, jitterMs: 3, lossPerMille: 1, gapMs: 0 },
    result: {},
  },
  'voice.watch': { params: inCall, result: { url: '/v1/hls/x/index.m3u8', expiresAt: NOON } },
  'device.keys': {
    params: { conversationId: GARDEN, after: 'ann', limit: 10 },
    result: {
      members: [{ user: 'bob', devices: [{ device: 'phone', keys: 'AAAA' }] }],
      hasMore: true,
      nextAfter: 'bob',
    },
  },
};
