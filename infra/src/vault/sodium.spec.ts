import { describe, expect, it } from 'vitest';
import { decrypt, encrypt, keyedHash } from './sodium.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

describe('the cipher', () => {
  // draft-irtf-cfrg-xchacha-03, A.3.1
  const plain = Buffer.from(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const bound = hex('50515253c0c1c2c3c4c5c6c7');
  const key = hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
  const nonce = hex('404142434445464748494a4b4c4d4e4f5051525354555657');

  it('is the one of the draft it is named after', () => {
    const sealed = Buffer.alloc(plain.length + 16);
    encrypt(sealed, plain, bound, nonce, key);
    expect(sealed.subarray(0, 16)).toEqual(hex('bd6d179d3e83d43b9576579493c0e939'));
    expect(sealed.subarray(-16)).toEqual(hex('c0875924c1c7987947deafd8780acf49'));
    const opened = Buffer.alloc(plain.length);
    expect(decrypt(opened, sealed, bound, nonce, key)).toBe(true);
    expect(opened).toEqual(plain);
  });

  it('seals in place', () => {
    const apart = Buffer.alloc(plain.length + 16);
    encrypt(apart, plain, bound, nonce, key);
    const place = Buffer.concat([plain, Buffer.alloc(16)]);
    encrypt(place, place.subarray(0, plain.length), bound, nonce, key);
    expect(place).toEqual(apart);
  });
});

describe('the keyed hash', () => {
  it('is BLAKE2b, over parts as over the whole', () => {
    // BLAKE2 reference vectors (blake2b-kat), key 00…3f, input 00 01.
    const key = Buffer.from(Array.from({ length: 64 }, (_, n) => n));
    const into = Buffer.alloc(64);
    keyedHash(into, key, Buffer.of(0), Buffer.of(1));
    expect(into.toString('hex')).toBe(
      'da2cfbe2d8409a0f38026113884f84b50156371ae304c4430173d08a99d9fb1b983164a3770706d537f49e0c916d9f32b95cc37a95b99d857436f0232c88a965',
    );
  });
});
