import { decrypt, encrypt, KEY_BYTES, NONCE_BYTES, randomInto, TAG_BYTES, wipe } from '../vault/sodium.js';

/**
 * The keys of the bodies of one chunk, in their order, sealed by the key of the passphrase: base64url of nonce and ciphertext. Bound to the
 * conversation and the chunk, so that they are nothing elsewhere. The keys are wiped.
 */
export function sealKeys(key: Buffer, place: string, keys: readonly Buffer[]): string {
  const sealed = Buffer.alloc(NONCE_BYTES + keys.length * KEY_BYTES + TAG_BYTES);
  const nonce = sealed.subarray(0, NONCE_BYTES);
  randomInto(nonce);
  const plain = Buffer.concat(keys);
  for (const each of keys) wipe(each);
  encrypt(sealed.subarray(NONCE_BYTES), plain, Buffer.from(place), nonce, key);
  wipe(plain);
  return sealed.toString('base64url');
}

/** The keys again; undefined where they are of another key or place, or as many as `count` are not there. */
export function openKeys(
  key: Buffer,
  place: string,
  sealed: string,
  count: number,
): readonly Buffer[] | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length !== NONCE_BYTES + count * KEY_BYTES + TAG_BYTES) return undefined;
  const plain = Buffer.alloc(count * KEY_BYTES);
  const nonce = bytes.subarray(0, NONCE_BYTES);
  if (!decrypt(plain, bytes.subarray(NONCE_BYTES), Buffer.from(place), nonce, key)) return undefined;
  return Array.from({ length: count }, (_, index) =>
    plain.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES),
  );
}

/** Where keys belong. */
export const keysPlace = (conversationId: string, chunk: number): string =>
  `parley: keys of a conversation\n${conversationId}\n${chunk}`;
