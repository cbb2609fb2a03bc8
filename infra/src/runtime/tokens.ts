import { DeviceId, UserId } from '@parley/domain/ids';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';

/** Who calls, as a verified token says it. */
export type Caller = {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly scopes: ReadonlySet<string>;
  /** When the token ends, in ms since 1970 UTC. */
  readonly expiresAt: number;
};

export type TokenClaims = {
  readonly sub: string;
  readonly did: string;
  /** Words separated by spaces (RFC 8693). */
  readonly scope?: string;
  /** Seconds from now, or a span such as `30d`. */
  readonly expiresIn: number | string;
};

/** Why a token is refused. `unavailable` is no fault of the token: the keys could not be fetched; try again. */
export type TokenFault = 'expired' | 'forged' | 'malformed' | 'unavailable';

export class TokenRefused extends Error {
  constructor(
    readonly fault: TokenFault,
    cause: unknown,
  ) {
    super(`the token is ${fault === 'unavailable' ? 'not verifiable now' : fault}`, { cause });
  }
}

/** Tokens are checked against a secret of this stack, or against the published keys of an identity provider. */
export type TokenTrust = { readonly secret: Uint8Array } | { readonly jwksUrl: string };

export type VerifyToken = (token: string) => Promise<Caller>;

export const signToken = (secret: Uint8Array, { sub, did, scope, expiresIn }: TokenClaims): Promise<string> =>
  new SignJWT({ did, ...(scope === undefined ? {} : { scope }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(sub)
    .setIssuedAt()
    .setExpirationTime(typeof expiresIn === 'number' ? Math.floor(Date.now() / 1000) + expiresIn : expiresIn)
    .sign(secret);

/**
 * Makes the check of a token. The last 10,000 tokens found good are remembered until they expire, or for 5 minutes, so
 * that a key which is withdrawn is noticed by then.
 *
 * The returned function throws TokenRefused.
 */
export const makeVerifier = (trust: TokenTrust): VerifyToken => {
  const known = new LRUCache<string, Caller>({ max: 10_000 });
  const check = checkSignature(trust);
  return async (token) => {
    const remembered = known.get(token);
    if (remembered) return remembered;
    const claims = await check(token).catch((error: unknown) => {
      throw new TokenRefused(faultOf(error), error);
    });
    const caller = callerOf(claims);
    const remainingMs = (claims.exp as number) * 1000 - Date.now();
    if (remainingMs > 0) known.set(token, caller, { ttl: Math.min(remainingMs, 300_000) });
    return caller;
  };
};

/** The trust that a configuration names; a published key set goes before a secret. */
export const trustOf = (config: {
  readonly PARLEY_TOKEN_SECRET: Uint8Array | undefined;
  readonly PARLEY_JWKS_URL: string | undefined;
}): TokenTrust | undefined => {
  if (config.PARLEY_JWKS_URL) return { jwksUrl: config.PARLEY_JWKS_URL };
  return config.PARLEY_TOKEN_SECRET && { secret: config.PARLEY_TOKEN_SECRET };
};

/** Algorithms are fixed by the kind of trust, so that a public key can never be taken for a shared secret. */
const checkSignature = (trust: TokenTrust): ((token: string) => Promise<JWTPayload>) => {
  const required = { requiredClaims: ['exp', 'sub'], clockTolerance: 5 };
  if ('secret' in trust) {
    const options = { ...required, algorithms: ['HS256'] };
    // Once: given as bytes it would be imported for each token.
    const key = crypto.subtle.importKey('raw', new Uint8Array(trust.secret), HS256, false, ['verify']);
    return async (token) => (await jwtVerify(token, await key, options)).payload;
  }
  const keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(trust.jwksUrl), { timeoutDuration: 3_000 });
  const options = { ...required, algorithms: ['RS256', 'ES256', 'EdDSA'] };
  return async (token) => (await jwtVerify(token, keys, options)).payload;
};

const HS256 = { name: 'HMAC', hash: 'SHA-256' };

const Claims = t.intersection([
  t.type({ sub: UserId, did: DeviceId, exp: t.number }),
  t.partial({ scope: t.string }),
]);

const callerOf = (payload: JWTPayload): Caller => {
  const claims = Claims.decode(payload);
  if (E.isLeft(claims))
    throw new TokenRefused('malformed', claims.left.map((fault) => fault.message).join('; '));
  const { sub, did, exp, scope = '' } = claims.right;
  const scopes = new Set(scope.split(' ').filter((word) => word !== ''));
  return { userId: sub, deviceId: did, scopes, expiresAt: exp * 1000 };
};

const faultOf = (error: unknown): TokenFault => {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) return 'malformed';
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid) return 'malformed';
  if (error instanceof errors.JWKSTimeout) return 'unavailable';
  if (error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC') return 'forged';
  // jose passes on what fetch throws, and says ERR_JOSE_GENERIC when the key set answers with an error.
  return 'unavailable';
};
