import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import rfc8785 from 'canonicalize';
import * as E from 'fp-ts/lib/Either.js';

/** A statement and the signature under it. */
export type Signed<A> = { readonly certificate: A; readonly signature: Signature };

export type Signature = {
  readonly algorithm: 'Ed25519';
  /** 32 bytes in base64url, as in RFC 8037. */
  readonly publicKey: string;
  /** Of the statement's canonical JSON (RFC 8785), in base64url. */
  readonly value: string;
};

/** The key pair that certificates are signed with, of a seed of 32 bytes or more: its SHA-256 is the private key (RFC 8032). */
export function signingKey(seed: Uint8Array): KeyObject {
  const secret = createHash('sha256').update('parley erasure certificate').update(seed).digest();
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, secret]), format: 'der', type: 'pkcs8' });
}

/** What comes before the 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The public key of a private one, as it stands in a signature. */
export const publicKeyOf = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'jwk' }).x as string;

export const signCertificate = <A>(certificate: A, key: KeyObject): Signed<A> => ({
  certificate,
  signature: signatureOf(certificate, key),
});

/** The signature of a statement. */
export const signatureOf = (statement: unknown, key: KeyObject): Signature => ({
  algorithm: 'Ed25519',
  publicKey: publicKeyOf(key),
  value: sign(null, canonical(statement), key).toString('base64url'),
});

/**
 * The certificate in a file's text, if it is what its signer signed, and the signer's public key; else why not.
 *
 * @param trusted public key that the signature must be of; without it, whoever signed is believed
 */
export function checkCertificate(
  text: string,
  trusted?: string,
): E.Either<string, { readonly certificate: unknown; readonly publicKey: string }> {
  const signed = parse(text);
  if (signed === undefined) return E.left('it is not a signed certificate');
  const { certificate, signature } = signed;
  if (trusted !== undefined && trusted !== signature.publicKey)
    return E.left(`it was signed with the key ${signature.publicKey}, not with ${trusted}`);
  const isTrue = isSignedBy(signature, certificate);
  return isTrue
    ? E.right({ certificate, publicKey: signature.publicKey })
    : E.left('it was changed after it was signed: the signature does not fit');
}

/** Whether a signature is of this statement; of one key and one statement there is one text of it. */
export function isSignedBy({ publicKey, value }: Signature, statement: unknown): boolean {
  try {
    if (!isExact(publicKey) || !isExact(value)) return false;
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, canonical(statement), key, Buffer.from(value, 'base64url'));
  } catch {
    return false;
  }
}

/** Whether the bits of the last digit that mean nothing are 0. */
const isExact = (text: string): boolean => Buffer.from(text, 'base64url').toString('base64url') === text;

function parse(text: string): Signed<unknown> | undefined {
  try {
    const { certificate, signature } = JSON.parse(text) as Signed<unknown>;
    const isSigned =
      certificate !== undefined &&
      signature?.algorithm === 'Ed25519' &&
      typeof signature.publicKey === 'string' &&
      typeof signature.value === 'string';
    return isSigned ? { certificate, signature } : undefined;
  } catch {
    return undefined;
  }
}

/** The package is CommonJS and its types are not: what is imported is the function itself. */
const canonicalize = rfc8785 as unknown as (value: unknown) => string | undefined;

const canonical = (value: unknown): Buffer => Buffer.from(canonicalize(value) ?? '');
