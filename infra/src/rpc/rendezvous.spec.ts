import { describe, expect, it } from 'vitest';
import { chooseNode } from './rendezvous.js';

const keys = Array.from({ length: 1_000 }, (_, n) => String(n));

describe('rendezvous hashing', () => {
  it('chooses the same node whatever order they are known in', () => {
    for (const key of keys) expect(chooseNode(['a', 'b', 'c'], key)).toBe(chooseNode(['c', 'a', 'b'], key));
  });

  it('moves only the keys of a node that goes', () => {
    for (const key of keys) {
      const before = chooseNode(['a', 'b', 'c'], key);
      if (before !== 'b') expect(chooseNode(['a', 'c'], key)).toBe(before);
    }
  });

  it('gives each node about its share', () => {
    const shares = { a: 0, b: 0, c: 0 };
    for (const key of keys) shares[chooseNode(['a', 'b', 'c'], key) as 'a']++;
    for (const share of Object.values(shares)) expect(share).toBeGreaterThan(250);
  });

  it('chooses nobody among nobody', () => {
    expect(chooseNode([], 'key')).toBeUndefined();
  });
});
