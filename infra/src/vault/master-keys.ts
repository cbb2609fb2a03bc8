import {
  decrypt,
  encrypt,
  KEY_BYTES,
  keyedHash,
  NONCE_BYTES,
  randomInto,
  secureMemory,
  TAG_BYTES,
} from './sodium.js';
import { type StoredValue, wrappedValue } from './stored-value.js';

/** A key that wraps secrets. Its id is a keyed hash of it: it says which key, and nothing about it. */
export type MasterKey = { readonly id: string; readonly key: Buffer };

/** The master keys of a process: the newest wraps, all of them unwrap. */
export type MasterKeys = { readonly newest: MasterKey; readonly byId: ReadonlyMap<string, MasterKey> };

/** Master keys as configured, newest first, 32 bytes or more each. */
export function masterKeysOf(given: readonly Uint8Array[]): MasterKeys {
  const keys = given.map(masterKeyOf);
  const [newest] = keys;
  if (newest === undefined) throw new Error('a vault needs a master key');
  return { newest, byId: new Map(keys.map((key) => [key.id, key])) };
}

function masterKeyOf(given: Uint8Array): MasterKey {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const key = secureMemory(KEY_BYTES);
  keyedHash(key, WRAPS, bytes);
  const id = Buffer.alloc(16);
  keyedHash(id, NAMES, bytes);
  return { id: id.toString('hex', 0, 8), key };
}

const WRAPS = Buffer.from('parley: master key that wraps');
const NAMES = Buffer.from('parley: name of a master key');

/** A secret as it is stored under this name; under another it does not unwrap. */
export function wrapSecret({ id, key }: MasterKey, name: string, secret: Buffer): Buffer {
  const sealed = Buffer.alloc(NONCE_BYTES + KEY_BYTES + TAG_BYTES);
  const nonce = sealed.subarray(0, NONCE_BYTES);
  randomInto(nonce);
  encrypt(sealed.subarray(NONCE_BYTES), secret, Buffer.from(name), nonce, key);
  return wrappedValue(id, sealed);
}

/** Unwraps into 32 bytes; false where its master key is not among these, or it was not wrapped for this name. */
export function unwrapSecret(
  keys: MasterKeys,
  name: string,
  { keyId, sealed }: Extract<StoredValue, { tag: 'wrapped' }>,
  into: Buffer,
): boolean {
  const key = keys.byId.get(keyId)?.key;
  if (key === undefined || sealed.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES) return false;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  return decrypt(into, sealed.subarray(NONCE_BYTES), Buffer.from(name), nonce, key);
}
