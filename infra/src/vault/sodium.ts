import sodium from 'sodium-native';

/** Bytes of a key and of a secret, of a nonce, and of what authenticates a ciphertext. */
export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
export const TAG_BYTES = 16;

/** Memory that is kept out of core dumps, and out of swap where the system lets us lock it. All zeros. */
export function secureMemory(bytes: number): Buffer {
  const memory = sodium.sodium_malloc(bytes);
  memory.fill(0);
  return memory;
}

export const wipe = (bytes: Buffer): void => sodium.sodium_memzero(bytes);

export const randomInto = (bytes: Buffer): void => sodium.randombytes_buf(bytes);

/** Keyed BLAKE2b of `into.length` bytes, 16 to 64, over the inputs one after another. */
export const keyedHash = (into: Buffer, key: Buffer, ...inputs: Buffer[]): void =>
  sodium.crypto_generichash_batch(into, inputs, key);

/** XChaCha20-Poly1305 into `sealed`, which is 16 bytes longer than `plain` and may begin where that does. */
export function encrypt(sealed: Buffer, plain: Buffer, bound: Buffer, nonce: Buffer, key: Buffer): void {
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, plain, bound, null, nonce, key);
}

/** False where the key, the nonce, what was bound or what was sealed is another. */
export function decrypt(plain: Buffer, sealed: Buffer, bound: Buffer, nonce: Buffer, key: Buffer): boolean {
  try {
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plain, null, sealed, bound, nonce, key);
    return true;
  } catch {
    return false;
  }
}
