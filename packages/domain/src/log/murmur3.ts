/** A 128-bit hash as four unsigned 32-bit lanes. */
export type Hash128 = readonly [number, number, number, number];

/**
 * MurmurHash3, x86 variant, 128 bits (Austin Appleby, public domain, SMHasher). Not a cryptographic hash: it tells
 * accidents apart, not attacks.
 *
 * @param length bytes of `data` that count, from the first.
 */
export function murmur3(data: Uint8Array, length: number, seed = 0): Hash128 {
  let h1 = seed;
  let h2 = seed;
  let h3 = seed;
  let h4 = seed;
  const blocks = length >>> 4;
  for (let block = 0; block < blocks; block++) {
    const at = block << 4;
    h1 = Math.imul(rotate(h1 ^ scramble1(word(data, at)), 19) + h2, 5) + 0x561ccd1b;
    h2 = Math.imul(rotate(h2 ^ scramble2(word(data, at + 4)), 17) + h3, 5) + 0x0bcaa747;
    h3 = Math.imul(rotate(h3 ^ scramble3(word(data, at + 8)), 15) + h4, 5) + 0x96cd1c35;
    h4 = Math.imul(rotate(h4 ^ scramble4(word(data, at + 12)), 13) + h1, 5) + 0x32ac3b17;
  }
  const rest = blocks << 4;
  if (length > rest) {
    if (length > rest + 12) h4 ^= scramble4(partialWord(data, rest + 12, length));
    if (length > rest + 8) h3 ^= scramble3(partialWord(data, rest + 8, length));
    if (length > rest + 4) h2 ^= scramble2(partialWord(data, rest + 4, length));
    h1 ^= scramble1(partialWord(data, rest, length));
  }
  return finish(h1 ^ length, h2 ^ length, h3 ^ length, h4 ^ length);
}

function finish(a: number, b: number, c: number, d: number): Hash128 {
  let h1 = (a + b + c + d) | 0;
  let h2 = mix((b + h1) | 0);
  let h3 = mix((c + h1) | 0);
  let h4 = mix((d + h1) | 0);
  h1 = (mix(h1) + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  return [h1 >>> 0, h2 >>> 0, h3 >>> 0, h4 >>> 0];
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const scramble1 = (k: number): number => Math.imul(rotate(Math.imul(k, C1), 15), C2);
const scramble2 = (k: number): number => Math.imul(rotate(Math.imul(k, C2), 16), C3);
const scramble3 = (k: number): number => Math.imul(rotate(Math.imul(k, C3), 17), C4);
const scramble4 = (k: number): number => Math.imul(rotate(Math.imul(k, C4), 18), C1);

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const byte = (data: Uint8Array, at: number): number => data[at] as number;

const word = (data: Uint8Array, at: number): number =>
  byte(data, at) | (byte(data, at + 1) << 8) | (byte(data, at + 2) << 16) | (byte(data, at + 3) << 24);

/** The bytes from `at` to the end, at most four, as the low bytes of a word. */
function partialWord(data: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = Math.min(end, at + 4) - 1; i >= at; i--) value = (value << 8) | byte(data, i);
  return value;
}
