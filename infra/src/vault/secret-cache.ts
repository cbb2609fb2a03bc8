import { LRUCache } from 'lru-cache';
import { deriveBodyKey, deriveHeldKey } from './derive-key.js';
import { openKeySlots } from './key-slots.js';
import { heldName } from './names.js';
import type { SecretName } from './vault.js';

/** What is known of a secret. `gone`: it was destroyed, which is final. */
export type KnownSecret =
  | { readonly tag: 'here'; readonly revision: number; readonly secret: Buffer }
  | { readonly tag: 'gone' };

/** The key of a body; or that there is none any more; or whose secrets have to be read first. */
export type KeyFound =
  | { readonly tag: 'key'; readonly key: Buffer }
  | { readonly tag: 'gone' }
  | { readonly tag: 'ask'; readonly names: readonly SecretName[] };

/**
 * What one process knows of the vault. Bounded; what is forgotten is wiped, and with a secret every key made of it. What it
 * hands out is good until the caller awaits something.
 */
export type SecretCache = {
  find(name: SecretName): KnownSecret | undefined;
  /** Takes a secret in: `fill` writes it, or says that it cannot. An older revision than is known changes nothing. */
  learn(name: SecretName, revision: number, fill: (secret: Buffer) => boolean): boolean;
  /** Wipes a secret and all keys made of it; whatever is learnt of that name later changes nothing. */
  learnGone(name: SecretName): void;
  /** The key of bodies that are sealed under living secrets, if it was made before. The hot path of sealing and opening. */
  keyAtHand(bucket: string, conversationId: string, author: string): Buffer | undefined;
  /** The key of bodies, by the held key where the bucket is gone. */
  keyOf(bucket: string, conversationId: string, author: string): KeyFound;
  /** Wipes all secrets and keys; what is gone stays gone. */
  forgetSecrets(): void;
};

export type CacheBounds = { readonly maxSecrets: number; readonly maxKeys: number };

export function openSecretCache({ maxSecrets, maxKeys }: CacheBounds): SecretCache {
  const slots = openKeySlots(maxSecrets + maxKeys + 2);
  const secrets = new LRUCache<SecretName, Entry>({ max: maxSecrets, dispose: (entry) => wipeSecret(entry) });
  const keys = new LRUCache<string, Derived>({
    max: maxKeys,
    dispose: (derived, id) => wipeKey(derived, id),
  });

  function wipeSecret(entry: Entry): void {
    if (entry.tag === 'gone') return;
    for (const id of entry.keys) keys.delete(id);
    slots.give(entry.secret);
  }

  function wipeKey({ key, of }: Derived, id: string): void {
    for (const entry of of) entry.keys.delete(id);
    slots.give(key);
  }

  /** Remembers a key that `derive` makes of these secrets. */
  function remember(id: string, of: readonly Here[], derive: (key: Buffer) => void): Buffer {
    const key = slots.take();
    derive(key);
    keys.set(id, { key, of });
    for (const entry of of) entry.keys.add(id);
    return key;
  }

  function ofBucket(id: string, bucket: Here, conversation: Here, author: Here): Buffer {
    return remember(id, [bucket, conversation, author], (key) => {
      deriveHeldKey(key, bucket.secret, conversation.secret);
      deriveBodyKey(key, key, author.secret);
    });
  }

  return {
    find: (name) => secrets.get(name),
    learn(name, revision, fill) {
      const known = secrets.get(name);
      if (known !== undefined && (known.tag === 'gone' || known.revision >= revision)) return true;
      const secret = slots.take();
      if (fill(secret)) {
        secrets.set(name, { tag: 'here', revision, secret, keys: new Set() });
        return true;
      }
      slots.give(secret);
      return false;
    },
    learnGone: (name) => void secrets.set(name, GONE),
    keyAtHand: (bucket, conversationId, author) => keys.get(`${bucket}/${conversationId}/${author}`)?.key,
    keyOf(bucket, conversationId, author) {
      const names: [SecretName, SecretName, SecretName] = [
        `conversation.${conversationId}`,
        `author.${author}`,
        `bucket.${bucket}`,
      ];
      const [conversation, by, first] = names.map((name) => secrets.get(name));
      if (conversation?.tag === 'gone' || by?.tag === 'gone') return GONE;
      const id = `${bucket}/${conversationId}/${author}`;
      if (first?.tag !== 'gone') {
        if (conversation && by && first) {
          return { tag: 'key', key: keys.get(id)?.key ?? ofBucket(id, first, conversation, by) };
        }
        return { tag: 'ask', names: names.filter((name) => !secrets.has(name)) };
      }
      const escrow = heldName(bucket, conversationId);
      const held = secrets.get(escrow);
      if (held?.tag === 'gone') return GONE;
      if (conversation && by && held) {
        const heldId = `held/${id}`;
        const key =
          keys.get(heldId)?.key ??
          remember(heldId, [conversation, by, held], (made) => deriveBodyKey(made, held.secret, by.secret));
        return { tag: 'key', key };
      }
      return { tag: 'ask', names: [...names, escrow].filter((name) => !secrets.has(name)) };
    },
    forgetSecrets() {
      for (const [name, { tag }] of [...secrets.entries()]) if (tag === 'here') secrets.delete(name);
    },
  };
}

const GONE = { tag: 'gone' } as const;

type Here = Extract<KnownSecret, { tag: 'here' }> & { readonly keys: Set<string> };
type Entry = Here | typeof GONE;
type Derived = { readonly key: Buffer; readonly of: readonly Here[] };
