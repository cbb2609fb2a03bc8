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
