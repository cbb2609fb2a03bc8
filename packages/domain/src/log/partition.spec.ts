import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wellFormed } from '../testing/arbitraries.js';
import { fnv1a32, partitionLabel, partitionOf } from './partition.js';

/** The same hash, byte by byte over the platform's UTF-8. */
function reference(text: string): number {
  const bytes = encodeURIComponent(text).match(/%..|./gs) ?? [];
  return bytes.reduce((hash, unit) => {
    const byte = unit.length === 3 ? Number.parseInt(unit.slice(1), 16) : unit.charCodeAt(0);
    return Number((BigInt((hash ^ byte) >>> 0) * 0x01000193n) & 0xffffffffn);
  }, 0x811c9dc5);
}

describe('FNV-1a', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['b', 0xe70c2de5],
    ['c', 0xe60c2c52],
    ['f', 0xe30c2799],
    ['fo', 0x6222e842],
    ['foo', 0xa9f37ed7],
    ['foob', 0x3f5076ef],
    ['fooba', 0x39aaa18a],
    ['foobar', 0xbf9cf968],
  ])('gives %j its published value', (text, hash) => {
    expect(fnv1a32(text)).toBe(hash);
  });

  it('hashes the bytes of UTF-8, of every width', () => {
    for (const text of ['é', 'ÿ', '\u07ff', '\u0800', '日本語', '\uffff', '🌹', '\u{10ffff}', 'a🌹é日']) {
      expect(fnv1a32(text)).toBe(reference(text));
    }
    fc.assert(
      fc.property(wellFormed, (text) => {
        expect(fnv1a32(text)).toBe(reference(text));
      }),
    );
  });
});

describe('the partition of a conversation', () => {
  // Streams of the past were written by these. A vector that changes loses conversations.
  it.each([
    ['garden', 3, 3],
    ['dm-3-ann-bob', 3, 7],
    ['0f3b1a77-5d10-4d6e-9a53-000000000001', 1, 9],
    ['ubuntu', 3, 15],
    ['a', 0, 0],
    ['conversation-42', 1, 9],
    ['__proto__', 0, 12],
    ['irc-2007-06-04=', 2, 14],
  ])('of %s is %i of 4 and %i of 16, for ever', (id, ofFour, ofSixteen) => {
    expect(partitionOf(id, 4)).toBe(ofFour);
    expect(partitionOf(id, 16)).toBe(ofSixteen);
  });

  it('is within the count, and 0 where there is one', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_=-]{1,140}$/),
        fc.integer({ min: 1, max: 99 }),
        (id, partitions) => {
          const partition = partitionOf(id, partitions);
          expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true);
          expect(partitionOf(id, 1)).toBe(0);
        },
      ),
    );
  });

  it('spreads 100,000 ids evenly, however they are formed', () => {
    const forms: readonly ((i: number) => string)[] = [
      (i) => `conversation-${i}`,
      (i) => `dm-5-user${i}-user${i + 1}`,
      (i) => `0f3b1a77-5d10-4d6e-9a53-${i.toString(16).padStart(12, '0')}`,
      (i) => `irc-${2004 + (i % 15)}-${i}`,
    ];
    for (const partitions of [4, 16]) {
      for (const form of forms) {
        const counts = new Array<number>(partitions).fill(0);
        for (let i = 0; i < 100_000; i++) {
          const partition = partitionOf(form(i), partitions);
          counts[partition] = (counts[partition] as number) + 1;
        }
        const even = 100_000 / partitions;
        for (const count of counts) expect(Math.abs(count - even) / even).toBeLessThan(0.05);
      }
    }
  });

  it('is labelled by two digits', () => {
    expect([0, 7, 15, 99].map(partitionLabel)).toStrictEqual(['00', '07', '15', '99']);
  });
});
