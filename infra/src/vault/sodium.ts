import sodium from 'sodium-native';

/** What the types of the package lack. */
declare module 'sodium-native' {
  function crypto_stream_chacha20_ietf_xor_ic(
    into: Buffer,
    from: Buffer,
    nonce: Buffer,
    counter: number,
    key: Buffer,
  ): void;
  function crypto_aead_chacha20poly1305_ietf_decrypt(
    plain: Buffer,
    secretNonce: null,
    sealed: Buffer,
    bound: Buffer,
    nonce: Buffer,
    key: Buffer,
  ): number;
}

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

/**
 * What XChaCha20 makes of a key and the first 16 bytes of a nonce before it encrypts (HChaCha20): with it whatever was encrypted under both
 * can be decrypted, and nothing else. From a block of ChaCha20, which adds to the same words what it began with.
 */
export function nonceKeyInto(into: Buffer, key: Buffer, nonce: Buffer): void {
  block.fill(0);
  sodium.crypto_stream_chacha20_ietf_xor_ic(block, block, nonce.subarray(4, 16), nonce.readUInt32LE(0), key);
  for (let word = 0; word < 4; word++) {
    into.writeUInt32LE((block.readUInt32LE(4 * word) - (BEGUN_WITH[word] as number)) >>> 0, 4 * word);
    const input = nonce.readUInt32LE(4 * word);
    into.writeUInt32LE((block.readUInt32LE(48 + 4 * word) - input) >>> 0, 16 + 4 * word);
  }
  wipe(block);
}

const block = sodium.sodium_malloc(64);

/** `expand 32-byte k`, as RFC 8439 has it. */
const BEGUN_WITH = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

/** As `decrypt`, by the key of its nonce. */
export function decryptByNonceKey(
  plain: Buffer,
  sealed: Buffer,
  bound: Buffer,
  nonce: Buffer,
  nonceKey: Buffer,
): boolean {
  const rest = Buffer.alloc(12);
  nonce.copy(rest, 4, 16, NONCE_BYTES);
  try {
    sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plain, null, sealed, bound, rest, nonceKey);
    return true;
  } catch {
    return false;
  }
}

/** How hard a key of a passphrase is to make: passes, and bytes of memory. */
export type Hardness = { readonly passes: number; readonly memory: number };

/** What libsodium calls moderate: 256 MiB, most of a second. */
export const HARDNESS: Hardness = {
  passes: sodium.crypto_pwhash_OPSLIMIT_MODERATE,
  memory: sodium.crypto_pwhash_MEMLIMIT_MODERATE,
};

export const SALT_BYTES = sodium.crypto_pwhash_SALTBYTES;

/** Argon2id of a passphrase. */
export const passphraseKeyInto = (
  into: Buffer,
  passphrase: Buffer,
  salt: Buffer,
  { passes, memory }: Hardness,
): void => sodium.crypto_pwhash(into, passphrase, salt, passes, memory, sodium.crypto_pwhash_ALG_ARGON2ID13);

/** False where the key, the nonce, what was bound or what was sealed is another. */
export function decrypt(plain: Buffer, sealed: Buffer, bound: Buffer, nonce: Buffer, key: Buffer): boolean {
  try {
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plain, null, sealed, bound, nonce, key);
    return true;
  } catch {
    return false;
  }
}
