import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { body } from '../testing/arbitraries.js';
import { decodeWith, utf8Length } from '../text.js';
import { Body, closeBody, MAX_BODY_BYTES, OpaqueBody, openBody, openBodyJson, previewOf } from './body.js';

const decode = (input: unknown) => decodeWith(Body, input);
const sealed = (ciphertext: unknown) => ({ kind: 'sealed', ciphertext, nonce: 'bm9uY2U=', tag: 'dGFn' });
const base64 = (bytes: number, padded: boolean) => {
  const text = 'A'.repeat(Math.ceil((bytes * 4) / 3));
  return padded ? text.padEnd(Math.ceil(bytes / 3) * 4, '=') : text;
};

describe('a body', () => {
  it('is text of 1 to 65,536 bytes', () => {
    expect(decode({ kind: 'text', text: 'x'.repeat(MAX_BODY_BYTES) })).toMatchObject({ _tag: 'Right' });
    expect(decode({ kind: 'text', text: `🌹${'x'.repeat(MAX_BODY_BYTES - 3)}` })).toStrictEqual(
      E.left('text has 65537 bytes, 1 to 65536 are allowed'),
    );
    expect(decode({ kind: 'text', text: '' })).toStrictEqual(
      E.left('text has 0 bytes, 1 to 65536 are allowed'),
    );
  });

  it('is an emote or not, and nothing between', () => {
    expect(decode({ kind: 'text', text: 'waves', emote: true })).toStrictEqual(
      E.right({ kind: 'text', text: 'waves', emote: true }),
    );
    expect(decode({ kind: 'text', text: 'waves', emote: false })).toStrictEqual(E.left('emote must be true'));
  });

  it('is sealed base64 of at most 65,536 bytes, padded or not', () => {
    for (const padded of [true, false]) {
      for (const bytes of [1, 2, 3, MAX_BODY_BYTES - 1, MAX_BODY_BYTES]) {
        expect(decode(sealed(base64(bytes, padded))), `${bytes} bytes`).toMatchObject({ _tag: 'Right' });
      }
      for (const bytes of [MAX_BODY_BYTES + 1, MAX_BODY_BYTES + 2, 100_000]) {
        expect(decode(sealed(base64(bytes, padded))), `${bytes} bytes`).toStrictEqual(
          E.left('ciphertext must be base64 of 1 to 65536 bytes'),
        );
      }
    }
    expect(decode(sealed('-_+/'))).toMatchObject({ _tag: 'Right' });
  });

  it('is not sealed by what is no base64', () => {
    for (const text of ['', '=', 'A', 'AAAAA', 'AA=', 'AAA==', 'AAAA=', 'A A=', 'AAAA\n', 'ÄAAA', 5, null]) {
      expect(decode(sealed(text))).toStrictEqual(E.left('ciphertext must be base64 of 1 to 65536 bytes'));
    }
    expect(decode({ ...sealed('AAAA'), nonce: base64(65, true) })).toStrictEqual(
      E.left('nonce must be base64 of 1 to 64 bytes'),
    );
    expect(decode({ ...sealed('AAAA'), tag: undefined })).toStrictEqual(E.left('tag is missing'));
  });

  it('drops fields nobody knows, and the fields of the other kind', () => {
    expect(decode({ kind: 'text', text: 'hi', html: '<b>', ciphertext: 'AAAA' })).toStrictEqual(
      E.right({ kind: 'text', text: 'hi' }),
    );
    expect(decode({ ...sealed('AAAA'), text: 'hi' })).toStrictEqual(E.right(sealed('AAAA')));
  });
});

describe('an opaque body', () => {
  it('opens as it was closed, whatever was in it', () => {
    fc.assert(
      fc.property(body, (value) => {
        const opaque = closeBody(value);
        expect(E.isRight(OpaqueBody.decode(opaque))).toBe(true);
        expect(openBody(opaque)).toStrictEqual(value);
        expect(openBodyJson(opaque)).toBe(JSON.stringify(value));
      }),
    );
  });

  it('is pinned: a scheme, a dot, a payload', () => {
    expect(closeBody({ kind: 'text', text: 'hi' })).toBe('p0.{"kind":"text","text":"hi"}');
    for (const text of ['', 'hello', '{"kind":"text"}', 'P0.x', 'pp.x', 'p0']) {
      expect(E.isRight(OpaqueBody.decode(text))).toBe(false);
    }
  });

  it('stays shut when its scheme is another one or it is damaged', () => {
    expect(openBody('s1.c2VhbGVk')).toBeUndefined();
    expect(openBodyJson('s1.c2VhbGVk')).toBeUndefined();
    for (const damaged of ['p0.', 'p0.{', 'p0.{"kind":"te']) expect(openBody(damaged)).toBeUndefined();
  });
});

describe('a preview', () => {
  const preview = (text: string, max?: number) => previewOf({ kind: 'text', text }, max);

  it('is the text on one line', () => {
    expect(preview('  hello\n\tthere  ')).toBe('hello there');
    expect(preview('x'.repeat(140))).toBe('x'.repeat(140));
    expect(preview('x'.repeat(141))).toBe(`${'x'.repeat(137)}…`);
  });

  it('has at most as many bytes as asked for and never half a character', () => {
    expect(preview('🌹'.repeat(10), 12)).toBe('🌹🌹…');
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.integer({ min: 3, max: 60 }),
        (text, max) => {
          if (!text.isWellFormed()) return;
          const line = preview(text, max) as string;
          expect(utf8Length(line)).toBeLessThanOrEqual(max);
          expect(line.isWellFormed()).toBe(true);
          expect(line).not.toMatch(/[\n\r\t]/);
        },
      ),
    );
  });

  it('shows nothing of a sealed body', () => {
    expect(previewOf({ kind: 'sealed', ciphertext: 'AAAA', nonce: 'AAAA', tag: 'AAAA' })).toBeUndefined();
  });
});
