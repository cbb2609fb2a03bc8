import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { jwtVerify, SignJWT } from 'jose';

/** A kind of token that gateways and nodes give out about calls, signed by the key of tickets. */
export type TokenKind<A> = {
  /** The claim of the token that says it all. */
  readonly claim: string;
  readonly codec: t.Decoder<unknown, A>;
  /** For how long it is good. */
  readonly seconds: number;
  /** What it is, to whoever has brought something else. */
  readonly title: string;
};

/** @param now ms since 1970 UTC */
export const signAs = <A>(
  { claim, seconds }: TokenKind<A>,
  key: Uint8Array,
  says: A,
  audience: string,
  now: number,
): Promise<string> =>
  new SignJWT({ [claim]: says })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setAudience(audience)
    .setExpirationTime(Math.floor(now / 1_000) + seconds)
    .sign(key);

/** What the token says, if it is of this kind, for `audience`, whole and not over by `now`, in ms; else why not, in words. */
export async function verifyAs<A>(
  { claim, codec, title }: TokenKind<A>,
  key: Uint8Array,
  token: string,
  audience: string,
  now: number,
): Promise<E.Either<string, A>> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      audience,
      currentDate: new Date(now),
      requiredClaims: ['exp'],
    });
    const says = codec.decode(payload[claim]);
    return E.isLeft(says) ? E.left(`it is no ${title}`) : says;
  } catch (error) {
    return E.left(error instanceof Error ? error.message : String(error));
  }
}
