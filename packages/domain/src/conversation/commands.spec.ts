import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { commands } from '../testing/arbitraries.js';
import { GARDEN, NOON, text } from '../testing/commands.js';
import { decodeWith } from '../text.js';
import { type CommandType, commandCodecs, isCommandType, peopleNamed } from './commands.js';

const base = { conversationId: GARDEN, commandId: 'c-1' };
const good: Readonly<Record<CommandType, object>> = {
  'conversation.create': { ...base, kind: 'group', members: ['bob'] },
  'conversation.rename': { ...base, title: 'Roses' },
  'conversation.setTtl': { ...base, ttl: 60 },
  'conversation.setExpiry': { ...base, expiresAt: NOON },
  'conversation.close': base,
  'conversation.hold': { ...base, reason: 'case 7' },
  'conversation.release': base,
  'conversation.erase': base,
  'member.add': { ...base, users: ['bob'] },
  'member.remove': { ...base, users: ['bob'] },
  'member.leave': base,
  'member.setRole': { ...base, user: 'bob', role: 'admin' },
  'member.ban': { ...base, user: 'bob' },
  'member.unban': { ...base, user: 'bob' },
  'member.erase': { ...base, user: 'bob' },
  'message.send': { ...base, body: text('hello') },
  'message.edit': { ...base, seq: 2, body: text('hello') },
  'message.delete': { ...base, seq: 2 },
  'message.react': { ...base, seq: 2, emoji: '🌹' },
  'message.pin': { ...base, seq: 2 },
  'message.unpin': { ...base, seq: 2 },
  'message.erase': { ...base, seq: 2, remains: [] },
  'message.expire': { ...base, ranges: [[1, 2]] },
  'call.start': { ...base, media: 'voice' },
  'call.join': { ...base, call: 2 },
  'call.leave': { ...base, call: 2, participant: 2 },
  'call.mute': { ...base, call: 2, user: 'bob', muted: true },
  'call.broadcast': { ...base, call: 2, source: 'mix' },
  'call.end': { ...base, call: 2 },
};
const types = Object.keys(commandCodecs) as CommandType[];
const decode = (type: CommandType, data: unknown): E.Either<string, unknown> =>
  decodeWith(commandCodecs[type] as never, data);
const refusal = (type: CommandType, change: object): string => {
  const decoded = decode(type, { ...good[type], ...change });
  return E.isLeft(decoded) ? decoded.left : 'accepted';
};

describe.each(types)('the data of %s', (type) => {
  it('is taken as it is', () => {
    expect(decode(type, good[type])).toStrictEqual(E.right(good[type]));
  });

  it('loses fields nobody knows', () => {
    const extra = { ...good[type], actor: 'eve', at: 5, banHashes: { eve: 'x' }, __proto__x: 1 };
    expect(decode(type, extra)).toStrictEqual(E.right(good[type]));
    expect(
      decode(type, JSON.parse(`{"__proto__": {"x": 1}, ${JSON.stringify(good[type]).slice(1)}`)),
    ).toStrictEqual(E.right(good[type]));
  });

  it('needs every one of its fields, and says which is missing', () => {
    for (const field of Object.keys(good[type])) {
      expect(refusal(type, { [field]: undefined })).toBe(`${field} is missing`);
    }
  });

  it('takes null for none of them, but for what is set to none by it', () => {
    for (const field of Object.keys(good[type])) {
      if (!['ttl', 'expiresAt', 'source'].includes(field))
        expect(refusal(type, { [field]: null })).toMatch(new RegExp(`^${field} must be `));
    }
  });

  it('is checked for its ids', () => {
    expect(refusal(type, { conversationId: 'a.b' })).toBe(
      "conversationId must be 1 to 140 of letters, digits, '_', '-', '='",
    );
    expect(refusal(type, { commandId: 'a b' })).toBe(
      "commandId must be 1 to 100 of letters, digits, '_', '-', '=', '.', ':'",
    );
  });

  it('may say, of an import, for whom, when and from where', () => {
    const imported = {
      ...good[type],
      as: 'bob',
      sentAt: 1_100_000_000_000,
      producer: { id: 'log.txt', position: 7 },
    };
    expect(decode(type, imported)).toStrictEqual(E.right(imported));
    expect(refusal(type, { as: '@system' })).toMatch(/^as must be /);
    expect(refusal(type, { sentAt: -1 })).toMatch(/^sentAt must be /);
    expect(refusal(type, { producer: { id: 'log.txt', position: 0 } })).toMatch(
      /^producer.position must be /,
    );
    expect(refusal(type, { producer: { position: 1 } })).toBe('producer.id is missing');
  });

  it('is an object', () => {
    for (const data of [undefined, null, 5, 'a', [], [good[type]]]) {
      expect(decode(type, data)).toStrictEqual(
        E.left(data === undefined ? 'the value is missing' : 'the value must be an object'),
      );
    }
  });
});

describe('the fields of commands', () => {
  it('name kinds and roles', () => {
    expect(refusal('conversation.create', { kind: 'forum' })).toBe('kind must be direct, group or channel');
    expect(refusal('conversation.create', { kind: 'constructor' })).toBe(
      'kind must be direct, group or channel',
    );
    expect(refusal('member.setRole', { role: 'king' })).toBe('role must be owner, admin or member');
    expect(refusal('member.add', { role: 'toString' })).toBe('role must be owner, admin or member');
  });

  it('name 500 people at most, each by a user id', () => {
    const people = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}`);
    for (const [type, field] of [
      ['conversation.create', 'members'],
      ['member.add', 'users'],
      ['member.remove', 'users'],
    ] as const) {
      expect(refusal(type, { [field]: people(500) })).toBe('accepted');
      expect(refusal(type, { [field]: people(501) })).toMatch(new RegExp(`^${field} has 501 items`));
      expect(refusal(type, { [field]: ['bob', 'no one'] })).toMatch(
        new RegExp(`^${field}\\[1\\] must be 1 to 64 of`),
      );
    }
    expect(refusal('conversation.create', { members: [] })).toBe('accepted');
    expect(refusal('member.add', { users: [] })).toBe('users has 0 items, 1 to 500 are allowed');
  });

  it('bound titles, emoji and the life of messages', () => {
    expect(refusal('conversation.rename', { title: 'é'.repeat(128) })).toBe('accepted');
    expect(refusal('conversation.rename', { title: 'é'.repeat(129) })).toBe(
      'title has 258 bytes, 1 to 256 are allowed',
    );
    expect(refusal('conversation.rename', { title: 'a\ud800' })).toBe('title contains a lone surrogate');
    expect(refusal('message.react', { emoji: '👩‍👩‍👧‍👦' })).toBe('accepted');
    expect(refusal('message.react', { emoji: 'x'.repeat(65) })).toBe(
      'emoji has 65 bytes, 1 to 64 are allowed',
    );
    for (const ttl of [5, 31_536_000, null]) expect(refusal('conversation.setTtl', { ttl })).toBe('accepted');
    for (const ttl of [4, 0, -5, 5.5, 31_536_001, 2 ** 53, '60', Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const type of ['conversation.setTtl', 'conversation.create'] as const)
        expect(refusal(type, { ttl })).toBe('ttl must be whole seconds from 5 to 31536000, or null');
      expect(refusal('message.send', { ttl })).toBe('ttl must be a whole number from 5 to 31536000');
    }
    // Without an end of its own a message has that of its conversation; it cannot ask for none.
    expect(refusal('message.send', { ttl: null })).toBe('ttl must be a whole number from 5 to 31536000');
  });

  it('bound the end of a conversation to a time there is', () => {
    expect(refusal('conversation.setExpiry', { expiresAt: null })).toBe('accepted');
    for (const expiresAt of [-1, 0.5, 2 ** 53, 253_402_300_800_000, '0', Number.NaN]) {
      expect(refusal('conversation.setExpiry', { expiresAt })).toMatch(/^expiresAt must be /);
      expect(refusal('conversation.create', { expiresAt })).toMatch(/^expiresAt must be /);
    }
  });

  it('name messages by safe seqs from 1', () => {
    for (const type of ['message.edit', 'message.delete', 'message.react'] as const) {
      for (const seq of [0, -1, 1.5, 2 ** 53, '2'])
        expect(refusal(type, { seq })).toMatch(/^seq must be a whole number/);
    }
    expect(refusal('message.send', { replyTo: 0 })).toMatch(/^replyTo must be a whole number/);
  });

  it('bound ranges, each of two seqs', () => {
    const ranges = (count: number) => Array.from({ length: count }, () => [1, 2]);
    expect(refusal('message.expire', { ranges: ranges(1_000) })).toBe('accepted');
    expect(refusal('message.expire', { ranges: ranges(1_001) })).toBe(
      'ranges has 1001 items, 1 to 1000 are allowed',
    );
    expect(refusal('message.expire', { ranges: [[1, 2], [1]] })).toBe('ranges[1][1] is missing');
  });

  it('hold bodies, of which the sentence names the part that is wrong', () => {
    expect(refusal('message.send', { body: { kind: 'text', text: 'a\u0000' } })).toBe(
      'body.text contains a NUL character',
    );
    expect(refusal('message.edit', { body: { kind: 'html', text: 'a' } })).toBe(
      'body must be a body of kind "text" or "sealed"',
    );
    expect(refusal('message.send', { body: 'hello' })).toBe('body must be a body of kind "text" or "sealed"');
  });
});

describe('every command that is generated', () => {
  it('decodes to itself', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        for (const { type, data } of tried)
          expect(decode(type, JSON.parse(JSON.stringify(data)))).toStrictEqual(E.right(data));
      }),
      { numRuns: 30 },
    );
  });
});

it('knows its own names, and none that every object has', () => {
  expect(types.every(isCommandType)).toBe(true);
  for (const name of ['constructor', '__proto__', 'toString', 'message.sent', ''])
    expect(isCommandType(name)).toBe(false);
});

it('names the people whose hashes a decision may need', () => {
  const named = (type: CommandType, data: object = good[type]) => peopleNamed(type, data as never, 'ann');
  expect(named('conversation.create')).toStrictEqual(['ann', 'bob']);
  for (const type of [
    'member.add',
    'member.remove',
    'member.setRole',
    'member.ban',
    'member.unban',
  ] as const) {
    expect(named(type)).toStrictEqual(['bob']);
  }
  for (const type of ['message.send', 'member.leave', 'conversation.close'] as const)
    expect(named(type)).toStrictEqual([]);
});
