import type { OpaqueBody } from '../conversation/body.js';
import type { BucketId } from './bucket.js';

/**
 * What a sealed body looks like: `s1.<bucket>.<base64url of nonce and ciphertext>`. The bucket is in plain sight, because it says
 * which secret opens the body and when that is destroyed; conversation, seq and author are where the body lies.
 */
export type SealedText = { readonly bucket: BucketId; readonly payload: string };

export const writeSealedText = ({ bucket, payload }: SealedText): OpaqueBody => `s1.${bucket}.${payload}`;

/** Undefined for a body of another scheme. */
export function readSealedText(opaque: OpaqueBody): SealedText | undefined {
  if (!opaque.startsWith('s1.')) return undefined;
  const dot = opaque.indexOf('.', 3);
  return dot < 0 ? undefined : { bucket: opaque.slice(3, dot), payload: opaque.slice(dot + 1) };
}

/** Characters of a payload that are its nonce: 24 bytes. Random, so they tell one sealed body from every other. */
export const NONCE_CHARACTERS = 32;

/**
 * What is left of a sealed body where it must be told by its nonce and opened by nobody, whatever secrets they have: bucket and nonce, and
 * nothing that was sealed. Also of an erased one, and of a body that was never sealed.
 */
export function hollowed(opaque: OpaqueBody): OpaqueBody {
  const sealed = readSealedText(opaque);
  const [bucket, nonce] =
    sealed === undefined
      ? (/^e0\.([^.]*)\.(.*)$/.exec(opaque) ?? []).slice(1)
      : [sealed.bucket, sealed.payload];
  return writeSealedText({ bucket: bucket ?? '', payload: (nonce ?? '').slice(0, NONCE_CHARACTERS) });
}

/** Whether a sealed text is one that nobody can open, because nothing was left in it. */
export const isHollow = ({ payload }: SealedText): boolean => payload.length <= NONCE_CHARACTERS;

/**
 * What stands where a body was in the remains of an event that was taken out of the log: `e0.<bucket>.<nonce>` of a sealed body. It opens
 * nothing; by it a copy that is left somewhere is recognised.
 */
export function erasedBody(opaque: OpaqueBody): OpaqueBody {
  const sealed = readSealedText(opaque);
  return sealed === undefined ? 'e0.' : `e0.${sealed.bucket}.${sealed.payload.slice(0, NONCE_CHARACTERS)}`;
}
