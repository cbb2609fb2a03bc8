import {
  type Hardness,
  KEY_BYTES,
  keyedHash,
  passphraseKeyInto,
  randomInto,
  SALT_BYTES,
  secureMemory,
} from '../vault/sodium.js';
import type { PassphraseNote } from './format.js';

/** Bytes that a passphrase has at least, and different ones among them: a file can be tried at leisure by whoever has it. */
export const LEAST_BYTES = 12;
export const LEAST_DIFFERENT = 5;

/** Why a passphrase is not to be used; undefined for one that may be. */
export function weakness(passphrase: Uint8Array): string | undefined {
  if (passphrase.length < LEAST_BYTES)
    return `it has ${passphrase.length} bytes, and ${LEAST_BYTES} are the least: four words make a good one`;
  if (new Set(passphrase).size < LEAST_DIFFERENT) return 'it is the same few characters again and again';
  return undefined;
}

/** A key made of a passphrase, in locked memory, and what to note beside what is sealed with it. */
export function keyOfNew(
  passphrase: Uint8Array,
  hardness: Hardness,
): { readonly key: Buffer; readonly note: PassphraseNote } {
  const salt = Buffer.alloc(SALT_BYTES);
  randomInto(salt);
  const key = keyOf(passphrase, salt, hardness);
  const note = {
    algorithm: 'argon2id',
    ...hardness,
    salt: salt.toString('base64url'),
    check: checkOf(key),
  } as const;
  return { key, note };
}

/** The same key again; undefined for another passphrase. */
export function keyOfNoted(
  passphrase: Uint8Array,
  { salt, check, passes, memory }: PassphraseNote,
): Buffer | undefined {
  const bytes = Buffer.from(salt, 'base64url');
  if (bytes.length !== SALT_BYTES) return undefined;
  const key = keyOf(passphrase, bytes, { passes, memory });
  return checkOf(key) === check ? key : undefined;
}

function keyOf(passphrase: Uint8Array, salt: Buffer, hardness: Hardness): Buffer {
  const key = secureMemory(KEY_BYTES);
  passphraseKeyInto(key, Buffer.from(passphrase), salt, hardness);
  return key;
}

function checkOf(key: Buffer): string {
  const check = Buffer.alloc(16);
  keyedHash(check, key, CHECK);
  return check.toString('base64url');
}

const CHECK = Buffer.from('parley: check of a passphrase');
