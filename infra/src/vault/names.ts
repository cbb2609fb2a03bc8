import type { SecretName } from './vault.js';

/** The stream that the KV bucket VAULT is. */
export const VAULT_STREAM = 'KV_VAULT';

/** Where a secret, or whatever else the vault keeps, is stored. */
export const vaultSubject = (name: string): string => `${STORED}${name}`;

/** What is stored under a subject of the vault. */
export const nameOfSubject = (subject: string): string => subject.slice(STORED.length);

const STORED = '$KV.VAULT.';

/** Where everything stored in the vault is republished, and what of it is stored under such a subject. */
export const LIVE_VAULT = 'vault.>';
export const nameOfLive = (subject: string): string => subject.slice('vault.'.length);

/** Under what a master key that wraps secrets of this vault is known to it. */
export const masterName = (keyId: string): string => `master.${keyId}`;

/**
 * Where the key of a bucket and a conversation is kept when the bucket's own secret is destroyed while the conversation is on
 * legal hold.
 */
export const heldName = (bucket: string, conversationId: string): SecretName =>
  `held.${bucket}.${conversationId}`;

/** Whether a bucket's name, as it stands in a sealed body, is one; it becomes part of a subject. */
export const isBucketId = (text: string): boolean => /^(?:t\d{1,5}-\d{1,12}|m\d{4,6}-\d{2})$/.test(text);
