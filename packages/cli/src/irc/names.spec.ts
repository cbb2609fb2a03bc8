import { ConversationId, UserId } from '@parley/domain/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conversationOfFile, midnightOfFile, sourceOfFile, userOfNick } from './names.js';

describe('the user of a nick', () => {
  it('keeps letters, digits, _ and -, and writes out every other byte', () => {
    expect(userOfNick('an-n_1', 'demo')).toBe('an-n_1');
    expect(userOfNick('[ann]|=', 'demo')).toBe('=5Bann=5D=7C=3D');
    expect(userOfNick('é', 'demo')).toBe('=C3=A9');
  });

  it('is not the owner of the conversation, whoever takes that name', () => {
    expect(userOfNick('demo', 'demo')).toBe('=64emo');
  });

  it('is refused when it would be too long', () => {
    expect(userOfNick('|'.repeat(21), 'demo')).toHaveLength(63);
    expect(userOfNick('|'.repeat(22), 'demo')).toBeUndefined();
  });

  it('is another one for every other nick', () => {
    const nick = fc.string({
      minLength: 1,
      maxLength: 5,
      unit: fc.constantFrom('d', 'e', 'm', 'o', '=', '6', '4', '|'),
    });
    fc.assert(
      fc.property(nick, nick, (one, other) => {
        const id = userOfNick(one, 'demo');
        expect(id === userOfNick(other, 'demo')).toBe(one === other);
        expect(UserId.is(id) && id !== 'demo').toBe(true);
      }),
    );
  });
});

describe('a file', () => {
  it('gives its conversation, its source and its first day', () => {
    const path = '/logs/2007-06-04.train-a.txt';
    expect(conversationOfFile(path)).toBe('irc-2007-06-04-train-a');
    expect(sourceOfFile(path)).toBe('2007-06-04.train-a.txt');
    expect(midnightOfFile(path)).toBe(Date.UTC(2007, 5, 4));
    expect(midnightOfFile('/2007-06-04/log.txt')).toBeUndefined();
    expect(midnightOfFile('2007-13-04.txt')).toBeUndefined();
  });

  it('may have a name of any letters', () => {
    expect(sourceOfFile('ü #1.log')).toBe('=C3=BC=20=231.log');
    expect(ConversationId.decode(conversationOfFile('ü #1.log'))._tag).toBe('Right');
    expect(sourceOfFile('ü'.repeat(20))).toBeUndefined();
  });
});
