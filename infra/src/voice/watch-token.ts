import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { jwtVerify, SignJWT } from 'jose';

/** For how long a broadcast may be watched by one token, in seconds; whoever is no member any more is refused before. */
export const WATCH_SECONDS = 3_600;

/** Who may watch which call's broadcast. */
export type Watch = { readonly conversationId: string; readonly call: number; readonly user: string };

/** Nobody's node: a ticket opens no broadcast, and this opens no node. */
const AUDIENCE = 'parley broadcast';

/** @param key that of tickets; @param now ms since 1970 UTC */
export const signWatch = (key: Uint8Array, watch: Watch, now: number): Promise<string> =>
  new SignJWT({ watch })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setAudience(AUDIENCE)
    .setExpirationTime(Math.floor(now / 1_000) + WATCH_SECONDS)
    .sign(key);

/** The watch, if it is whole and not over by `now`, in ms; else why not, in words. */
export async function verifyWatch(
  key: Uint8Array,
  token: string,
  now: number,
): Promise<E.Either<string, Watch>> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      audience: AUDIENCE,
      currentDate: new Date(now),
      requiredClaims: ['exp'],
    });
    const watch = Claims.decode(payload.watch);
    return E.isLeft(watch) ? E.left('it is no token of a broadcast') : watch;
  } catch (error) {
    return E.left(error instanceof Error ? error.message : String(error));
  }
}

const Claims: t.Decoder<unknown, Watch> = t.strict({
  conversationId: t.string,
  call: t.number,
  user: t.string,
});
