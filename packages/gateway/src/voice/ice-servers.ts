import { createHmac } from 'node:crypto';
import type { IceServer } from '@parley/domain/wire/voice';

/** For how long a credential of a TURN server is good, in seconds. An allocation that is in use outlives it. */
export const CREDENTIAL_SECONDS = 3_600;

export type IceSettings = {
  readonly PARLEY_STUN_URLS: readonly string[];
  readonly PARLEY_TURN_URLS: readonly string[];
  /** What TURN servers share with us: coturn's `static-auth-secret`. Without it none are told. */
  readonly PARLEY_TURN_SECRET: string | undefined;
};

/**
 * What a browser is given to find a path. The credential is that of draft-uberti-behave-turn-rest-00, section 2.2: its name says when it ends and whose it is, its
 * password is the HMAC-SHA1 of the name, so that a TURN server believes it without asking us.
 *
 * @param now ms since 1970 UTC; so is `expiresAt`.
 */
export function iceServersFor(
  { PARLEY_STUN_URLS: stun, PARLEY_TURN_URLS: turn, PARLEY_TURN_SECRET: secret }: IceSettings,
  user: string,
  now: number,
): { readonly iceServers: readonly IceServer[]; readonly expiresAt: number } {
  const expiry = Math.floor(now / 1_000) + CREDENTIAL_SECONDS;
  const servers: IceServer[] = stun.length === 0 ? [] : [{ urls: stun }];
  if (turn.length > 0 && secret !== undefined) {
    const username = `${expiry}:${user}`;
    const credential = createHmac('sha1', secret).update(username).digest('base64');
    servers.push({ urls: turn, username, credential });
  }
  return { iceServers: servers, expiresAt: expiry * 1_000 };
}
