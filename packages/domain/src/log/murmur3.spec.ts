import { describe, expect, it } from 'vitest';
import { type Hash128, murmur3 } from './murmur3.js';

const littleEndian = (hash: Hash128): Uint8Array => {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  hash.forEach((lane, index) => void view.setUint32(index * 4, lane, true));
  return bytes;
};

describe('MurmurHash3 x86 128', () => {
  it('passes the verification of SMHasher: 256 keys of every length up to 255', () => {
    const results = new Uint8Array(16 * 256);
    for (let length = 0; length < 256; length++) {
      const key = Uint8Array.from({ length }, (_, index) => index);
      results.set(littleEndian(murmur3(key, length, 256 - length)), length * 16);
    }
    expect(murmur3(results, results.length)[0]).toBe(0xb3ece62a);
  });

  it('hashes nothing to zero', () => {
    expect(murmur3(new Uint8Array(0), 0)).toEqual([0, 0, 0, 0]);
  });

  it('reads no further than the length it is given', () => {
    const short = Uint8Array.from([1, 2, 3]);
    const longer = Uint8Array.from([1, 2, 3, 4]);
    expect(murmur3(longer, 3)).toEqual(murmur3(short, 3));
  });
});
