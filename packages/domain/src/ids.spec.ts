import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import {
  Actor,
  CommandId,
  ConversationId,
  DeviceId,
  directConversationId,
  Instant,
  isDirectId,
  Seq,
  SYSTEM,
  UserId,
} from './ids.js';

const accepts = (codec: { decode(input: unknown): E.Either<unknown, unknown> }, input: unknown) =>
  E.isRight(codec.decode(input));
const userId = fc.stringMatching(/^[A-Za-z0-9_=-]{1,64}$/);

describe('ids', () => {
  it('have the lengths they are given', () => {
    for (const [codec, most] of [
      [UserId, 64],
      [DeviceId, 64],
      [ConversationId, 140],
      [CommandId, 100],
    ] as const) {
      expect(accepts(codec, 'a')).toBe(true);
      expect(accepts(codec, 'a'.repeat(most))).toBe(true);
      expect(accepts(codec, 'a'.repeat(most + 1))).toBe(false);
      expect(accepts(codec, '')).toBe(false);
    }
  });

  it('hold nothing that subjects, buckets, paths or text columns read as something else', () => {
    const traps = [
      'a b',
      'a*',
      'a>',
      '*',
      '>',
      'a/b',
      '../a',
      'a\n',
      '\ta',
      'a\u0000',
      'é',
      '\ud800',
      'a@b',
      'a,b',
      'a"',
    ];
    for (const codec of [UserId, DeviceId, ConversationId, CommandId, Actor]) {
      for (const trap of traps) expect(accepts(codec, trap)).toBe(false);
      for (const other of [5, null, undefined, ['a'], { toString: () => 'a' }])
        expect(accepts(codec, other)).toBe(false);
    }
    for (const codec of [UserId, DeviceId, ConversationId]) {
      for (const trap of ['a.b', '.', 'a:b']) expect(accepts(codec, trap)).toBe(false);
    }
    expect(accepts(CommandId, 'log.txt:17')).toBe(true);
  });

  it('let nobody be the system', () => {
    expect(accepts(UserId, SYSTEM)).toBe(false);
    expect(accepts(Actor, SYSTEM)).toBe(true);
    expect(accepts(Actor, '@root')).toBe(false);
    expect(accepts(Actor, 'ann')).toBe(true);
  });
});

describe('a place in time and in a conversation', () => {
  it('is a seq from 1', () => {
    expect([0, 1, 2 ** 53 - 1, 2 ** 53].map((seq) => accepts(Seq, seq))).toStrictEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('is an instant from 1970 to 9999', () => {
    const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
    expect([-1, 0, last, last + 1].map((at) => accepts(Instant, at))).toStrictEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe('the id of a direct conversation', () => {
  it('is pinned', () => {
    expect(directConversationId('ann', 'bob')).toBe('dm-3-ann-bob');
  });

  it('is the same whoever asks, fits a conversation id, and is of no other pair', () => {
    fc.assert(
      fc.property(userId, userId, userId, userId, (a, b, c, d) => {
        const id = directConversationId(a, b);
        expect(directConversationId(b, a)).toBe(id);
        expect(accepts(ConversationId, id)).toBe(true);
        expect(isDirectId(id)).toBe(true);
        const same = [a, b].sort().join(' ') === [c, d].sort().join(' ');
        expect(directConversationId(c, d) === id).toBe(same);
      }),
    );
  });

  it('keeps apart pairs whose ids run together', () => {
    expect(directConversationId('a', 'b-c')).not.toBe(directConversationId('a-b', 'c'));
    expect(directConversationId('1-a', 'b')).not.toBe(directConversationId('1', 'a-b'));
  });

  it('is told from other ids by its beginning', () => {
    expect(['dm', 'admin-1', 'DM-1', 'dm_1'].map(isDirectId)).toStrictEqual([false, false, false, false]);
  });
});
