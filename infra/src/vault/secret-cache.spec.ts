import { describe, expect, it } from 'vitest';
import { openSecretCache, type SecretCache } from './secret-cache.js';

const of = (byte: number) => (secret: Buffer) => {
  secret.fill(byte);
  return true;
};

/** Knows the bucket m2026-11, the conversation c and the author a, and some others. */
function known(bounds = { maxSecrets: 8, maxKeys: 4 }): SecretCache {
  const cache = openSecretCache(bounds);
  cache.learn('bucket.m2026-11', 1, of(1));
  cache.learn('conversation.c', 2, of(2));
  cache.learn('author.a', 3, of(3));
  return cache;
}

function keyOf(cache: SecretCache, author = 'a', conversationId = 'c'): Buffer {
  const found = cache.keyOf('m2026-11', conversationId, author);
  if (found.tag !== 'key') throw new Error(`no key but ${found.tag}`);
  return found.key;
}

const secretOf = (cache: SecretCache, name: Parameters<SecretCache['find']>[0]): Buffer => {
  const found = cache.find(name);
  if (found?.tag !== 'here') throw new Error(`${name} is not here`);
  return found.secret;
};

const ZEROS = Buffer.alloc(32);

describe('a cache of secrets', () => {
  it('makes one key of three secrets, and another of others', () => {
    const cache = known();
    cache.learn('author.b', 4, of(4));
    const key = Buffer.from(keyOf(cache));
    expect(key).not.toEqual(keyOf(cache, 'b'));
    expect(keyOf(cache)).toEqual(key);
    expect(cache.keyAtHand('m2026-11', 'c', 'a')).toEqual(key);
    expect(keyOf(known())).toEqual(key);
  });

  it('says which secrets are to be read', () => {
    const cache = known();
    expect(cache.keyOf('t60-60', 'c', 'b')).toEqual({ tag: 'ask', names: ['author.b', 'bucket.t60-60'] });
    cache.learnGone('bucket.t60-60');
    expect(cache.keyOf('t60-60', 'c', 'b')).toEqual({ tag: 'ask', names: ['author.b', 'held.t60-60.c'] });
  });

  it.each(['bucket.m2026-11', 'conversation.c', 'author.a'] as const)(
    'wipes %s and what was made of it when it is gone, and never learns it again',
    (name) => {
      const cache = known();
      const [secret, key] = [secretOf(cache, name), keyOf(cache)];
      cache.learnGone(name);
      expect([secret, key]).toEqual([ZEROS, ZEROS]);
      expect(cache.keyAtHand('m2026-11', 'c', 'a')).toBeUndefined();
      cache.learn(name, 99, of(1));
      expect(cache.find(name)).toEqual({ tag: 'gone' });
      cache.forgetSecrets();
      expect(cache.find(name)).toEqual({ tag: 'gone' });
    },
  );

  it('keeps the newer of two values, whichever comes first', () => {
    const cache = known();
    cache.learn('author.a', 9, of(9));
    cache.learn('author.a', 5, of(5));
    expect(secretOf(cache, 'author.a')).toEqual(Buffer.alloc(32, 9));
  });

  it('wipes what it has no room for, and the keys made of it', () => {
    const cache = known();
    const [secret, key] = [secretOf(cache, 'conversation.c'), keyOf(cache)];
    for (let n = 0; n < 8; n++) cache.learn(`conversation.other${n}`, n, of(7));
    expect(cache.find('conversation.c')).toBeUndefined();
    expect(cache.keyAtHand('m2026-11', 'c', 'a')).toBeUndefined();
    // The places were taken by others or wiped.
    expect([Buffer.alloc(32, 7), ZEROS]).toContainEqual(secret);
    expect(key).toEqual(ZEROS);
  });

  it('goes on for ever in its bounds', () => {
    const cache = known({ maxSecrets: 16, maxKeys: 4 });
    for (let n = 0; n < 1_000; n++) {
      cache.learn('bucket.m2026-11', 1, of(1));
      cache.learn(`author.${n % 40}`, n, of(n % 250));
      cache.learn(`conversation.${n % 30}`, n, of(n % 250));
      if (n % 7 === 0) cache.learnGone(`author.${n % 40}`);
      cache.keyOf('m2026-11', `conversation.${n % 30}`, String(n % 40));
      const found = cache.keyOf('m2026-11', String(n % 30), String(n % 40));
      if (found.tag === 'key') expect(found.key).not.toEqual(ZEROS);
      if (n % 100 === 99) cache.forgetSecrets();
    }
  });

  it('wipes all secrets and keys when it must forget them', () => {
    const cache = known();
    const all = [secretOf(cache, 'bucket.m2026-11'), secretOf(cache, 'author.a'), keyOf(cache)];
    cache.forgetSecrets();
    expect(all).toEqual([ZEROS, ZEROS, ZEROS]);
    expect(cache.find('author.a')).toBeUndefined();
  });

  it('takes nothing in that cannot be unwrapped', () => {
    const cache = known();
    expect(cache.learn('author.x', 1, () => false)).toBe(false);
    expect(cache.find('author.x')).toBeUndefined();
  });
});
