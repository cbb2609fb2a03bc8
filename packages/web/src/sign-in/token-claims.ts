import { payloadOf } from '@parley/client/token';

/** What the page needs to know of a token. Nothing is verified here: the gateway does that. */
export type TokenClaims = {
  readonly user: string;
  readonly device: string;
  /** Milliseconds since 1970 UTC. */
  readonly issuedAt: number;
  readonly expiresAt: number;
};

/** Undefined where the text is no token with a user, a device and an end. */
export function claimsOf(token: string): TokenClaims | undefined {
  const { sub, did, iat, exp } = payloadOf(token.trim()) ?? {};
  if (typeof sub !== 'string' || typeof did !== 'string' || typeof exp !== 'number') return undefined;
  const issuedAt = typeof iat === 'number' ? iat * 1_000 : Date.now();
  return { user: sub, device: did, issuedAt, expiresAt: exp * 1_000 };
}

/**
 * Whether a token is to be replaced now: at its end, or where the gateway warns of it (a minute ahead, or a tenth of its
 * life where that is shorter).
 */
export function isEnding({ issuedAt, expiresAt }: TokenClaims, now: number): boolean {
  const ahead = Math.min(60_000, (expiresAt - issuedAt) / 10) + 1_000;
  return now >= expiresAt - ahead;
}
