/** What is stored under the name of a secret: the secret, wrapped by a master key, or the marker that it was destroyed. */
export type StoredValue =
  | { readonly tag: 'wrapped'; readonly keyId: string; readonly sealed: Buffer }
  | ({ readonly tag: 'marker' } & Marker);

/** When a secret was destroyed, in ms since 1970, and in a word why. */
export type Marker = { readonly at: number; readonly why: string };

/** First byte of a wrapped secret, so that another way to wrap can be told from this one. */
const WRAPPED = 1;
const ID_BYTES = 8;

export const wrappedValue = (keyId: string, sealed: Buffer): Buffer =>
  Buffer.concat([Buffer.of(WRAPPED), Buffer.from(keyId, 'hex'), sealed]);

export const markerValue = ({ at, why }: Marker): Buffer => Buffer.from(`gone.${at}.${why}`);

/** Undefined for what this version does not know. */
export function readStoredValue(data: Uint8Array): StoredValue | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes[0] === WRAPPED) {
    const keyId = bytes.toString('hex', 1, 1 + ID_BYTES);
    return { tag: 'wrapped', keyId, sealed: bytes.subarray(1 + ID_BYTES) };
  }
  const marker = /^gone\.(\d{1,15})\.([a-z-]{1,40})$/.exec(bytes.toString('latin1', 0, 64));
  return marker === null ? undefined : { tag: 'marker', at: Number(marker[1]), why: marker[2] as string };
}
