import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { checkCertificate, publicKeyOf, signCertificate, signingKey } from './certificate.js';

const key = signingKey(randomBytes(32));
const certificate = { format: 'x/1', messages: [{ seq: 7, über: 'ß', at: 1.5e21 }], none: null };
const signed = signCertificate(certificate, key);

describe('a certificate', () => {
  it('is what was signed, also with its fields in another order and other white space', () => {
    const { signature } = signed;
    const reordered = {
      signature,
      certificate: { none: null, messages: certificate.messages, format: 'x/1' },
    };
    for (const text of [JSON.stringify(signed), JSON.stringify(reordered, null, 3)]) {
      expect(checkCertificate(text)).toStrictEqual(E.right({ certificate, publicKey: publicKeyOf(key) }));
    }
  });

  it('is refused with any character of it changed', () => {
    const text = JSON.stringify(signed);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', '1', 'x', '"', ' '), (at, other) => {
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        const read = checkCertificate(changed);
        // A change that is none, of a character by itself or of a last bit that base64url does not use, changes nothing.
        if (E.isRight(read)) expect(read.right.certificate).toStrictEqual(certificate);
      }),
    );
  });

  it('is refused when somebody else signed it than the one who is trusted', () => {
    const other = publicKeyOf(signingKey(randomBytes(32)));
    expect(checkCertificate(JSON.stringify(signed), publicKeyOf(key))).toMatchObject({ _tag: 'Right' });
    expect(checkCertificate(JSON.stringify(signed), other)).toStrictEqual(
      E.left(`it was signed with the key ${publicKeyOf(key)}, not with ${other}`),
    );
  });

  it('is none in any other file', () => {
    for (const text of ['', '{', '{}', 'null', '[]', '{"certificate":{},"signature":{"algorithm":"none"}}']) {
      expect(checkCertificate(text)).toStrictEqual(E.left('it is not a signed certificate'));
    }
  });

  it('has a key that follows from its seed alone', () => {
    const seed = createHash('sha256').update('seed').digest();
    expect(publicKeyOf(signingKey(seed))).toBe(publicKeyOf(signingKey(seed)));
    expect(publicKeyOf(signingKey(seed))).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
