import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { envelop } from '../log/envelope.js';
import { command, GARDEN, NOON, text } from '../testing/commands.js';
import { created, fold, happened, type Past, sent, sentUntil } from '../testing/given.js';
import type { Command, CommandType } from './commands.js';
import { commandCodecs } from './commands.js';
import { decide } from './decide.js';
import type { ConversationEvent } from './events.js';
import { saysTheSame } from './says-the-same.js';

const garden = created('group', { ann: 'owner', bob: 'admin', cem: 'member' });
const callStarted = happened('ann', 'call.started', { media: 'voice', device: 'phone', p2pMax: 4 });
const sealed = { kind: 'sealed', ciphertext: 'AAAA', nonce: 'AAA=', tag: 'AA' } as const;

/** Of every command: what went before, one that makes an event, and others that say something else. */
const cases: Readonly<
  Record<CommandType, { past: readonly Past[]; first: Command; others: readonly Command[] }>
> = {
  'conversation.create': {
    past: [],
    first: command('conversation.create', 'ann', {
      kind: 'group',
      members: ['bob'],
      title: 'Roses',
      ttl: 60,
    }),
    others: [
      command('conversation.create', 'ann', { kind: 'channel', members: ['bob'], title: 'Roses', ttl: 60 }),
      command('conversation.create', 'ann', { kind: 'group', members: ['cem'], title: 'Roses', ttl: 60 }),
      command('conversation.create', 'ann', {
        kind: 'group',
        members: ['bob', 'cem'],
        title: 'Roses',
        ttl: 60,
      }),
      command('conversation.create', 'ann', { kind: 'group', members: [], title: 'Roses', ttl: 60 }),
      command('conversation.create', 'ann', { kind: 'group', members: ['bob'], ttl: 60 }),
      command('conversation.create', 'ann', { kind: 'group', members: ['bob'], title: 'Roses' }),
    ],
  },
  'conversation.rename': {
    past: [garden],
    first: command('conversation.rename', 'ann', { title: 'Roses' }),
    others: [command('conversation.rename', 'ann', { title: 'Tulips' })],
  },
  'conversation.setTtl': {
    past: [garden],
    first: command('conversation.setTtl', 'ann', { ttl: 60 }),
    others: [
      command('conversation.setTtl', 'ann', { ttl: 61 }),
      command('conversation.setTtl', 'ann', { ttl: null }),
    ],
  },
  'conversation.setExpiry': {
    past: [garden],
    first: command('conversation.setExpiry', 'ann', { expiresAt: NOON + 60_000 }),
    others: [
      command('conversation.setExpiry', 'ann', { expiresAt: NOON + 60_001 }),
      command('conversation.setExpiry', 'ann', { expiresAt: null }),
    ],
  },
  'conversation.close': { past: [garden], first: command('conversation.close', 'ann', {}), others: [] },
  'conversation.hold': {
    past: [garden],
    first: { ...command('conversation.hold', 'olga', { reason: 'case 7' }), asOperator: true },
    others: [{ ...command('conversation.hold', 'olga', { reason: 'case 8' }), asOperator: true }],
  },
  'conversation.release': {
    past: [garden, happened('olga', 'conversation.held', { reason: 'case 7' })],
    first: { ...command('conversation.release', 'olga', {}), asOperator: true },
    others: [],
  },
  'conversation.erase': { past: [garden], first: command('conversation.erase', 'ann', {}), others: [] },
  'member.add': {
    past: [garden],
    first: command('member.add', 'ann', { users: ['bob', 'dan', 'eve'] }),
    others: [
      command('member.add', 'ann', { users: ['bob', 'dan'] }),
      command('member.add', 'ann', { users: ['fay'] }),
      command('member.add', 'ann', { users: ['bob', 'dan', 'eve'], role: 'admin' }),
    ],
  },
  'member.remove': {
    past: [garden],
    first: command('member.remove', 'ann', { users: ['bob', 'cem', 'dan'] }),
    others: [command('member.remove', 'ann', { users: ['bob'] })],
  },
  'member.leave': { past: [garden], first: command('member.leave', 'cem', {}), others: [] },
  'member.setRole': {
    past: [garden],
    first: command('member.setRole', 'ann', { user: 'cem', role: 'admin' }),
    others: [
      command('member.setRole', 'ann', { user: 'bob', role: 'admin' }),
      command('member.setRole', 'ann', { user: 'cem', role: 'owner' }),
    ],
  },
  'member.ban': {
    past: [garden],
    first: command('member.ban', 'ann', { user: 'cem' }),
    others: [command('member.ban', 'ann', { user: 'dan' })],
  },
  'member.unban': {
    past: [garden, happened('ann', 'member.banned', { banHash: 'h_63656d' })],
    first: command('member.unban', 'ann', { user: 'cem' }),
    others: [command('member.unban', 'ann', { user: 'dan' })],
  },
  'member.erase': {
    past: [garden],
    first: command('member.erase', '@system', { user: 'cem' }),
    others: [command('member.erase', '@system', { user: 'bob' })],
  },
  'message.pin': {
    past: [garden, sent('ann', 1), sent('ann', 2)],
    first: command('message.pin', 'bob', { seq: 2 }),
    others: [command('message.pin', 'bob', { seq: 3 })],
  },
  'message.unpin': {
    past: [garden, sent('ann', 1), happened('ann', 'message.pinned', { seq: 2, author: 'ann' })],
    first: command('message.unpin', 'bob', { seq: 2 }),
    others: [command('message.unpin', 'bob', { seq: 3 })],
  },
  'message.erase': {
    past: [garden, sent('ann', 1), happened('ann', 'message.deleted', { seq: 2 })],
    first: command('message.erase', '@system', { seq: 2, remains: [] }),
    others: [command('message.erase', '@system', { seq: 3, remains: [] })],
  },
  'message.send': {
    past: [created('group', { ann: 'owner' }, 60)],
    first: command('message.send', 'ann', { body: text('hello'), replyTo: 1, sentAt: NOON }),
    others: [
      command('message.send', 'ann', { body: text('bye'), replyTo: 1 }),
      command('message.send', 'ann', { body: text('hello') }),
      command('message.send', 'ann', { body: { kind: 'text', text: 'hello', emote: true }, replyTo: 1 }),
      command('message.send', 'ann', { body: sealed, replyTo: 1 }),
    ],
  },
  'message.edit': {
    past: [garden, sent('ann', 1)],
    first: command('message.edit', 'ann', { seq: 2, body: sealed }),
    others: [
      command('message.edit', 'ann', { seq: 3, body: sealed }),
      command('message.edit', 'ann', { seq: 2, body: { ...sealed, nonce: 'BBB=' } }),
      command('message.edit', 'ann', { seq: 2, body: text('hello') }),
    ],
  },
  'message.delete': {
    past: [garden, sent('ann', 1), sent('ann', 2)],
    first: command('message.delete', 'ann', { seq: 2 }),
    others: [command('message.delete', 'ann', { seq: 3 })],
  },
  'message.react': {
    past: [garden, sent('ann', 1), sent('ann', 2)],
    first: command('message.react', 'bob', { seq: 2, emoji: '+1' }),
    others: [
      command('message.react', 'bob', { seq: 3, emoji: '+1' }),
      command('message.react', 'bob', { seq: 2, emoji: '-1' }),
      command('message.react', 'bob', { seq: 2, emoji: '+1', remove: true }),
    ],
  },
  'message.expire': {
    past: [garden, sentUntil(NOON, 'ann', 1), sentUntil(NOON, 'ann', 2)],
    first: command('message.expire', '@system', {
      ranges: [
        [2, 3],
        [9, 10],
      ],
    }),
    others: [command('message.expire', '@system', { ranges: [[2, 2]] })],
  },
  'call.start': {
    past: [garden],
    first: command('call.start', 'ann', { media: 'voice' }),
    others: [command('call.start', 'ann', { media: 'video' })],
  },
  'call.join': {
    past: [garden, callStarted],
    first: command('call.join', 'bob', { call: 2 }),
    others: [command('call.join', 'bob', { call: 3 })],
  },
  'call.leave': {
    past: [garden, callStarted],
    first: command('call.leave', 'ann', { call: 2, participant: 2 }),
    others: [command('call.leave', 'ann', { call: 2, participant: 3 })],
  },
  'call.mute': {
    past: [garden, callStarted, happened('cem', 'call.joined', { call: 2, device: 'phone' })],
    first: command('call.mute', 'bob', { call: 2, user: 'cem', muted: true }),
    others: [
      command('call.mute', 'bob', { call: 3, user: 'cem', muted: true }),
      command('call.mute', 'bob', { call: 2, user: 'dan', muted: true }),
      command('call.mute', 'bob', { call: 2, user: 'cem', muted: false }),
    ],
  },
  'call.broadcast': {
    past: [garden, callStarted],
    first: command('call.broadcast', 'ann', { call: 2, source: 'mix' }),
    others: [
      command('call.broadcast', 'ann', { call: 2, source: 'screen' }),
      command('call.broadcast', 'ann', { call: 3, source: 'mix' }),
    ],
  },
  'call.end': {
    past: [garden, callStarted],
    first: command('call.end', 'ann', { call: 2 }),
    others: [command('call.end', 'ann', { call: 3 })],
  },
};

/** The event a command makes after this past. */
function eventOf(past: readonly Past[], first: Command) {
  const state = fold(past);
  const decision = decide(state, first);
  if (E.isLeft(decision) || decision.right === undefined) throw new Error(JSON.stringify(decision));
  const event: ConversationEvent = decision.right;
  const { actor, at, data } = first;
  return envelop(event, {
    conversationId: GARDEN,
    seq: state.revision + 1,
    at,
    actor,
    commandId: data.commandId,
  });
}

describe('a command under an id that was used', () => {
  it('is tried of every kind', () => {
    expect(Object.keys(cases).sort()).toStrictEqual(Object.keys(commandCodecs).sort());
  });

  it.each(Object.keys(cases) as CommandType[])(
    'says what its own event holds, at whatever time: %s',
    (type) => {
      const { past, first } = cases[type];
      const event = eventOf(past, first);
      expect(saysTheSame(first, event)).toBe(true);
      expect(saysTheSame({ ...first, at: NOON + 86_400_000 }, event)).toBe(true);
    },
  );

  it.each(Object.keys(cases) as CommandType[])('is found out when it says something else: %s', (type) => {
    const { past, first, others } = cases[type];
    const event = eventOf(past, first);
    for (const other of others) expect(saysTheSame(other, event), JSON.stringify(other.data)).toBe(false);
  });

  it('is found out when it is of another kind', () => {
    for (const one of Object.values(cases)) {
      for (const other of Object.values(cases)) {
        if (one !== other) expect(saysTheSame(other.first, eventOf(one.past, one.first))).toBe(false);
      }
    }
  });

  it('is taken for the same when the body cannot be read any more', () => {
    const { past, first, others } = cases['message.edit'];
    const event = eventOf(past, first);
    if (event.type !== 'message.edited') throw new Error(event.type);
    const gone = { ...event, data: { ...event.data, body: 'x9.gone' } };
    expect(saysTheSame(first, gone)).toBe(true);
    expect(saysTheSame(others[1] as Command, gone)).toBe(true);
    expect(saysTheSame(others[0] as Command, gone)).toBe(false);
  });

  it('is taken for the same when the title cannot be read any more', () => {
    const { past, first, others } = cases['conversation.rename'];
    const event = eventOf(past, first);
    if (event.type !== 'conversation.renamed') throw new Error(event.type);
    expect(saysTheSame(others[0] as Command, { ...event, data: { title: 'x9.gone' } })).toBe(true);
  });
});
