import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { boundedRecord, shape, variants } from './shape.js';
import { decodeWith } from './text.js';

const Inner = shape({ x: t.number });
const Outer = shape({ inner: Inner }, { as: t.string });
const parse = (json: string): unknown => JSON.parse(json);

describe('a shape', () => {
  it('gives its own fields alone, in a new object', () => {
    const input = { inner: { x: 1, y: 2 }, as: 'ann', other: 5 };
    const decoded = decodeWith(Outer, input);
    expect(decoded).toStrictEqual(E.right({ inner: { x: 1 }, as: 'ann' }));
    expect(decodeWith(Outer, { inner: { x: 1 } })).toStrictEqual(E.right({ inner: { x: 1 } }));
  });

  it('lets a key __proto__ bring in nothing, wherever it stands', () => {
    for (const json of [
      '{"__proto__": {"as": 5}, "inner": {"x": 1}}',
      '{"inner": {"x": 1, "__proto__": {"y": 5}}, "__proto__": {"as": {"evil": true}}}',
    ]) {
      const decoded = decodeWith(Outer, parse(json));
      expect(decoded).toStrictEqual(E.right({ inner: { x: 1 } }));
      expect('as' in (decoded as { right: object }).right).toBe(false);
    }
    expect(decodeWith(Outer, parse('{"__proto__": {"inner": {"x": 1}}}'))).toStrictEqual(
      E.left('inner is missing'),
    );
  });

  it('reads no field that is only inherited', () => {
    expect(decodeWith(shape({ constructor: t.unknown, toString: t.unknown }), {})).toStrictEqual(
      E.right({ constructor: undefined, toString: undefined }),
    );
    expect(decodeWith(Outer, Object.create({ inner: { x: 1 } }))).toStrictEqual(E.left('inner is missing'));
  });

  it('takes an optional field that is absent or undefined, and no other value that does not fit', () => {
    expect(decodeWith(Outer, { inner: { x: 1 }, as: undefined })).toStrictEqual(E.right({ inner: { x: 1 } }));
    expect(decodeWith(Outer, { inner: { x: 1 }, as: null })).toStrictEqual(E.left('as must be a string'));
  });

  it('knows what it is', () => {
    expect([{ inner: { x: 1 } }, { inner: { x: 1 }, as: 'a' }].every(Outer.is)).toBe(true);
    expect([null, [], 5, {}, { inner: {} }, { inner: { x: 1 }, as: 5 }].some(Outer.is)).toBe(false);
  });
});

describe('variants', () => {
  const Animal = variants(
    'kind',
    { cat: shape({ kind: t.literal('cat'), lives: t.number }), dog: shape({ kind: t.literal('dog') }) },
    'a cat or a dog',
  );

  it('are told apart by their tag', () => {
    expect(decodeWith(Animal, { kind: 'cat', lives: 9 })).toStrictEqual(E.right({ kind: 'cat', lives: 9 }));
    expect(decodeWith(Animal, { kind: 'dog', lives: 9 })).toStrictEqual(E.right({ kind: 'dog' }));
    expect(decodeWith(Animal, { kind: 'cat' })).toStrictEqual(E.left('lives is missing'));
    expect(Animal.is({ kind: 'dog' })).toBe(true);
    expect(Animal.is({ kind: 'cat' })).toBe(false);
  });

  it('are nothing else, not even what every object has', () => {
    for (const other of [{}, { kind: 'constructor' }, { kind: 5 }, { kind: ['cat'] }, null, 'cat', []]) {
      expect(decodeWith(Animal, other)).toStrictEqual(E.left('the value must be a cat or a dog'));
      expect(Animal.is(other)).toBe(false);
    }
    expect(decodeWith(Animal, parse('{"__proto__": {"kind": "dog"}}'))).toMatchObject({ _tag: 'Left' });
  });
});

describe('a bounded map', () => {
  it('keeps __proto__ as a key like any other', () => {
    const decoded = decodeWith(
      boundedRecord('map', t.string, Inner, 5),
      parse('{"__proto__": {"x": 1, "y": 2}}'),
    );
    expect(JSON.stringify(decoded)).toBe('{"_tag":"Right","right":{"__proto__":{"x":1}}}');
  });
});
