import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { boundedRecord, shape, variants } from './shape.js';
import { wellFormed } from './testing/arbitraries.js';
import {
  boundedArray,
  boundedInteger,
  boundedText,
  decodeWith,
  patternedText,
  textFault,
  utf8Length,
} from './text.js';

/** Bytes of UTF-8, counted by the platform: `%XX` is one byte. */
const bytesOf = (text: string) => encodeURIComponent(text).replace(/%../g, 'x').length;
const fault = (codec: t.Mixed, input: unknown): string => {
  const decoded = decodeWith(codec, input);
  return E.isLeft(decoded) ? decoded.left : 'no fault';
};

describe('the length of text in UTF-8', () => {
  it('is the one of the platform, for all well-formed text', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        expect(utf8Length(text)).toBe(bytesOf(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('counts each width at its bounds', () => {
    expect(
      ['\u007f', '\u0080', '\u07ff', '\u0800', '\uffff', '\u{10000}', '\u{10ffff}'].map(utf8Length),
    ).toStrictEqual([1, 2, 2, 3, 3, 4, 4]);
  });

  it('counts 3 for a lone surrogate, wherever it stands', () => {
    expect(
      ['\ud800', '\udc00', '\udc00\ud800', 'a\ud800b', '\ud800\ud800\udc00'].map(utf8Length),
    ).toStrictEqual([3, 3, 6, 5, 7]);
  });
});

describe('what text may hold', () => {
  it('is everything but NUL and lone surrogates', () => {
    expect(textFault('Hello, wörld 🌹\n\u0001')).toBeUndefined();
    expect(textFault('a\u0000b')).toBe('contains a NUL character');
    expect(textFault('a\ud83cb')).toBe('contains a lone surrogate');
    expect(textFault('\udf39\ud83c')).toBe('contains a lone surrogate');
  });
});

describe('a codec of bounded text', () => {
  const codec = boundedText('title', 2, 5);

  it('counts bytes, both bounds included', () => {
    for (const text of ['ab', 'abcde', 'é', '🌹a'])
      expect(decodeWith(codec, text)).toStrictEqual(E.right(text));
    expect(fault(codec, 'a')).toBe('title has 1 bytes, 2 to 5 are allowed');
    expect(fault(codec, '🌹ab')).toBe('title has 6 bytes, 2 to 5 are allowed');
  });

  it('says what is wrong with anything else', () => {
    expect(fault(codec, 'a\u0000')).toBe('title contains a NUL character');
    expect(fault(codec, 'a\ud800')).toBe('title contains a lone surrogate');
    for (const other of [5, null, true, {}, ['ab']])
      expect(fault(codec, other)).toBe('title must be a string');
    expect(fault(codec, undefined)).toBe('title is missing');
  });
});

describe('a codec of bounded integers', () => {
  const codec = boundedInteger('seq', 1, Number.MAX_SAFE_INTEGER);

  it('takes what is safe and within its bounds, both included', () => {
    for (const value of [1, 2, 2 ** 53 - 1]) expect(decodeWith(codec, value)).toStrictEqual(E.right(value));
  });

  it('refuses fractions, 2^53, what is no number, and text of a number', () => {
    for (const value of [0, -1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', null, [1], {}]) {
      expect(fault(codec, value)).toBe('seq must be a whole number from 1 to 9007199254740991');
    }
    expect(fault(codec, JSON.parse('9007199254740993'))).toContain('must be a whole number');
    expect(fault(codec, JSON.parse('1e400'))).toContain('must be a whole number');
  });
});

describe('a codec of patterned text', () => {
  const codec = patternedText('userId', /^[a-z]{1,3}$/, 'up to three letters');

  it('takes what fits as a whole', () => {
    expect(decodeWith(codec, 'ann')).toStrictEqual(E.right('ann'));
    for (const value of ['', 'anna', 'an\n', '\nan', 'an\u0000', 'ａnn', 5, null]) {
      expect(fault(codec, value)).toBe('userId must be up to three letters');
    }
  });
});

describe('a codec of bounded arrays', () => {
  const codec = boundedArray('users', boundedInteger('n', 0, 9), 1, 3);

  it('takes as many items as allowed', () => {
    expect(decodeWith(codec, [1])).toStrictEqual(E.right([1]));
    expect(decodeWith(codec, [1, 2, 3])).toStrictEqual(E.right([1, 2, 3]));
    expect(fault(codec, [])).toBe('users has 0 items, 1 to 3 are allowed');
    expect(fault(codec, { length: 2 })).toBe('users must be an array');
  });

  it('refuses a long one before it looks at its items', () => {
    const items = Array.from({ length: 4 }, () => 1);
    Object.defineProperty(items, 3, { get: () => expect.unreachable('looked at') });
    expect(fault(codec, items)).toBe('users has 4 items, 1 to 3 are allowed');
  });

  it('says which item does not fit', () => {
    expect(fault(codec, [1, 10])).toBe('[1] must be a whole number from 0 to 9');
    expect(fault(shape({ users: codec }), { users: [1, 10] })).toBe(
      'users[1] must be a whole number from 0 to 9',
    );
  });
});

describe('a codec of bounded maps', () => {
  const codec = boundedRecord(
    'resume',
    patternedText('id', /^[a-z_]+$/, 'letters'),
    boundedInteger('seq', 1, 9),
    2,
  );

  it('takes as many entries as allowed, under any name that fits', () => {
    expect(decodeWith(codec, {})).toStrictEqual(E.right({}));
    expect(decodeWith(codec, JSON.parse('{"__proto__": 1, "constructor": 2}'))).toStrictEqual(
      E.right(JSON.parse('{"__proto__": 1, "constructor": 2}')),
    );
    expect(fault(codec, { a: 1, b: 2, c: 3 })).toBe('resume has 3 entries, at most 2 are allowed');
  });

  it('refuses keys and values that do not fit, and what is no map', () => {
    expect(fault(codec, { 'live.>': 1 })).toBe('live.> must be letters');
    expect(fault(shape({ resume: codec }), { resume: { a: 0 } })).toBe(
      'resume.a must be a whole number from 1 to 9',
    );
    for (const other of [[], null, 'a', 5]) expect(fault(codec, other)).toBe('resume must be an object');
  });

  it('names a long key by its beginning only', () => {
    expect(fault(codec, { ['x'.repeat(100_000).toUpperCase()]: 1 }).length).toBeLessThan(200);
  });
});

describe('the sentence of a fault', () => {
  const Text = shape({ kind: t.literal('text'), text: boundedText('text', 1, 9) });
  const Sealed = shape({ kind: t.literal('sealed'), bytes: t.number });
  const Body = variants('kind', { text: Text, sealed: Sealed }, 'a body of kind "text" or "sealed"');
  const Ttl = t.union([boundedInteger('ttl', 5, 9), t.null], 'seconds from 5 to 9, or null');
  const codec = shape(
    { id: t.string, body: Body },
    { ttl: Ttl, isNew: t.boolean, pair: t.tuple([t.number, t.number]), maybe: t.union([Text, t.null]) },
  );
  const good = { id: 'a', body: { kind: 'text', text: 'hi' } };
  const sentence = (change: object) => fault(codec, { ...good, ...change });

  it('names the field by its way, without the parts of unions and intersections', () => {
    expect(sentence({ body: { kind: 'text', text: 'a\u0000' } })).toBe('body.text contains a NUL character');
    expect(sentence({ body: { kind: 'sealed', bytes: 'x' } })).toBe('body.bytes must be a number');
    expect(sentence({ pair: [1, 'x'] })).toBe('pair[1] must be a number');
    expect(sentence({ maybe: { kind: 'text', text: 5 } })).toBe('maybe.text must be a string');
  });

  it('says what a field must be', () => {
    expect(sentence({ id: 5 })).toBe('id must be a string');
    expect(sentence({ isNew: 'yes' })).toBe('isNew must be true or false');
    expect(sentence({ pair: {} })).toBe('pair must be an array');
  });

  it('names all alternatives of a union that a value fits in none', () => {
    for (const ttl of [4, 10, 5.5, '5', true])
      expect(sentence({ ttl })).toBe('ttl must be seconds from 5 to 9, or null');
    for (const body of ['hello', 5, null, [], {}, { kind: 'else' }]) {
      expect(sentence({ body })).toBe('body must be a body of kind "text" or "sealed"');
    }
  });

  it('says what is missing', () => {
    expect(fault(codec, { body: good.body })).toBe('id is missing');
    expect(fault(codec, { id: 'a' })).toBe('body is missing');
    expect(sentence({ body: { kind: 'text' } })).toBe('body.text is missing');
  });

  it('speaks of the whole where the whole is wrong', () => {
    for (const input of [null, 5, 'a', []]) expect(fault(codec, input)).toBe('the value must be an object');
  });

  it('exists for whatever comes, ends, and never shows what was sent beyond a key', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (input) => {
        const said = fault(codec, input);
        expect(said.length).toBeLessThan(300);
        expect(said).not.toContain('undefined');
      }),
    );
  });

  it('survives deep nesting', () => {
    const depth = 50_000;
    const nested: unknown = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(fault(codec, nested)).toBe('the value must be an object');
    expect(sentence({ body: nested })).toBe('body must be a body of kind "text" or "sealed"');
  });
});
