import type { BodyPlace } from '@parley/domain/sealing/closed';
import { NONCE_CHARACTERS } from '@parley/domain/sealing/sealed-text';
import {
  decrypt,
  decryptByNonceKey,
  encrypt,
  KEY_BYTES,
  NONCE_BYTES,
  nonceKeyInto,
  randomInto,
  TAG_BYTES,
} from './sodium.js';

/** The JSON of a body, sealed for its place: base64url of nonce and ciphertext. */
export function sealBody(key: Buffer, place: BodyPlace, json: string): string {
  const length = NONCE_BYTES + Buffer.byteLength(json) + TAG_BYTES;
  const memory = memoryOf(length);
  const nonce = memory.subarray(0, NONCE_BYTES);
  const plain = memory.subarray(NONCE_BYTES, length - TAG_BYTES);
  takeNonce(nonce);
  plain.write(json, 'utf8');
  encrypt(memory.subarray(NONCE_BYTES, length), plain, boundTo(place), nonce, key);
  return memory.toString('base64url', 0, length);
}

/** The JSON again; undefined under another key, at another place, or when anything of it was changed. */
export function openSealed(
  key: Buffer,
  place: BodyPlace,
  payload: string,
  opens: typeof decrypt = decrypt,
): string | undefined {
  const length = Math.floor((payload.length * 3) / 4);
  if (length < NONCE_BYTES + TAG_BYTES || !endsWell(payload)) return undefined;
  const memory = memoryOf(length);
  if (memory.write(payload, 'base64url') !== length) return undefined;
  const plain = memory.subarray(NONCE_BYTES, length - TAG_BYTES);
  const opened = opens(
    plain,
    memory.subarray(NONCE_BYTES, length),
    boundTo(place),
    memory.subarray(0, NONCE_BYTES),
    key,
  );
  return opened ? plain.toString('utf8') : undefined;
}

/**
 * The key of one sealed body alone: made of the key of its like and its nonce, so it opens nothing that was or will be sealed besides.
 * `payload` is one that has a nonce.
 */
export function ownKeyOf(key: Buffer, payload: string): Buffer {
  const own = Buffer.allocUnsafeSlow(KEY_BYTES);
  nonceKeyInto(own, key, Buffer.from(payload.slice(0, NONCE_CHARACTERS), 'base64url'));
  return own;
}

/** As `openSealed`, by the body's own key. */
export const openByOwnKey = (ownKey: Buffer, place: BodyPlace, payload: string): string | undefined =>
  openSealed(ownKey, place, payload, decryptByNonceKey);

/** To draw each nonce by itself would cost 0.4 of 2.4 µs that sealing takes: many are drawn at once, and each is used once. */
function takeNonce(into: Buffer): void {
  if (taken === nonces.length) {
    randomInto(nonces);
    taken = 0;
  }
  nonces.copy(into, 0, taken, taken + NONCE_BYTES);
  taken += NONCE_BYTES;
}

const nonces = Buffer.allocUnsafeSlow(NONCE_BYTES * 256);
let taken = nonces.length;

/** No id has a line break, so no two places read the same. */
function boundTo({ conversationId, seq, author }: BodyPlace): Buffer {
  const text = `${conversationId}\n${seq}\n${author}`;
  return text.length > bound.length ? Buffer.from(text) : bound.subarray(0, bound.write(text, 'latin1'));
}

/** Whether the bits of the last digit that mean nothing are 0, so that no two texts are of the same bytes. */
function endsWell(payload: string): boolean {
  const unused = [0, undefined, 0x0f, 0x03][payload.length % 4];
  if (unused === undefined) return false;
  return unused === 0 || (DIGITS.indexOf(payload.at(-1) as string) & unused) === 0;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Most bodies fit into memory that is there already; nothing of it is needed after a call. */
const memoryOf = (length: number): Buffer =>
  length <= MOST_REUSED ? reused : Buffer.allocUnsafeSlow(length);

const MOST_REUSED = 100_000;
const reused = Buffer.allocUnsafeSlow(MOST_REUSED);

/** Ids have at most 140 and 64 characters, a seq 16 digits. */
const bound = Buffer.allocUnsafeSlow(256);
