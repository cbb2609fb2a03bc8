import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openByOwnKey, openSealed, ownKeyOf, sealBody } from './seal-body.js';

const key = randomBytes(32);
const id = fc.stringMatching(/^[A-Za-z0-9_=-]{1,64}$/);
const place = fc.record({ conversationId: id, seq: fc.nat(), author: id });
const body = fc
  .oneof(
    { weight: 20, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: fc.string({ minLength: 40_000, maxLength: 50_000 }) },
  )
  .map((text) => JSON.stringify({ kind: 'text', text }));

describe('a sealed body', () => {
  it('opens to what was sealed, and looks different each time', () => {
    fc.assert(
      fc.property(place, body, (at, json) => {
        const [one, other] = [sealBody(key, at, json), sealBody(key, at, json)];
        expect(one).toMatch(/^[\w-]+$/);
        expect(one).not.toBe(other);
        expect(openSealed(key, at, one)).toBe(json);
        expect(openSealed(key, at, other)).toBe(json);
      }),
    );
  });

  it('opens by a key of its own, which opens no other body of the same key', () => {
    fc.assert(
      fc.property(place, body, body, (at, json, other) => {
        const [one, two] = [sealBody(key, at, json), sealBody(key, at, other)];
        const own = ownKeyOf(key, one);
        expect(openByOwnKey(own, at, one)).toBe(json);
        expect(openByOwnKey(own, at, two)).toBeUndefined();
        expect(openSealed(own, at, one)).toBeUndefined();
        expect(openByOwnKey(own, { ...at, seq: at.seq + 1 }, one)).toBeUndefined();
      }),
    );
  });

  it('does not open when a bit of it was changed, or when it was cut', () => {
    fc.assert(
      fc.property(place, body, fc.nat(), fc.nat({ max: 6 }), (at, json, index, bit) => {
        const sealed = sealBody(key, at, json);
        const where = index % sealed.length;
        const changed = String.fromCharCode(sealed.charCodeAt(where) ^ (1 << bit));
        expect(
          openSealed(key, at, sealed.slice(0, where) + changed + sealed.slice(where + 1)),
        ).toBeUndefined();
        expect(openSealed(key, at, sealed.slice(0, where))).toBeUndefined();
        expect(openSealed(key, at, `${sealed}A`)).toBeUndefined();
      }),
    );
  });

  it('does not open at another place, nor under another key', () => {
    fc.assert(
      fc.property(place, place, body, (at, elsewhere, json) => {
        fc.pre(JSON.stringify(at) !== JSON.stringify(elsewhere));
        const sealed = sealBody(key, at, json);
        expect(openSealed(key, elsewhere, sealed)).toBeUndefined();
        expect(openSealed(randomBytes(32), at, sealed)).toBeUndefined();
      }),
    );
  });

  it('does not take digits from one id to another', () => {
    const sealed = sealBody(key, { conversationId: 'a1', seq: 2, author: 'b' }, '{}');
    for (const at of [
      { conversationId: 'a', seq: 12, author: 'b' },
      { conversationId: 'a12', seq: 2, author: 'b' },
      { conversationId: 'a1', seq: 2, author: '2b' },
    ])
      expect(openSealed(key, at, sealed)).toBeUndefined();
  });

  it('is never opened from what is none', () => {
    const at = { conversationId: 'c', seq: 1, author: 'a' };
    for (const text of ['', 'A', '=', 'AAAA', '!'.repeat(100), 'A'.repeat(100_000)])
      expect(openSealed(key, at, text)).toBeUndefined();
  });
});
