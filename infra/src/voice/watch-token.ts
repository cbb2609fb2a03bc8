import { shape } from '@parley/domain/shape';
import type { Either } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { signAs, type TokenKind, verifyAs } from './signed-token.js';

/** For how long a broadcast may be watched by one token, in seconds; whoever is no member any more is refused before. */
export const WATCH_SECONDS = 3_600;

/** Who may watch which call's broadcast. */
const Watch = shape({ conversationId: t.string, call: t.number, user: t.string });
type Watch = t.TypeOf<typeof Watch>;

const kind: TokenKind<Watch> = {
  claim: 'watch',
  codec: Watch,
  seconds: WATCH_SECONDS,
  title: 'token of a broadcast',
};

/** Nobody's node: a ticket opens no broadcast, and this opens no node. */
const AUDIENCE = 'parley broadcast';

/** @param key that of tickets; @param now ms since 1970 UTC */
export const signWatch = (key: Uint8Array, watch: Watch, now: number): Promise<string> =>
  signAs(kind, key, watch, AUDIENCE, now);

/** The watch, if it is whole and not over by `now`, in ms; else why not, in words. */
export const verifyWatch = (key: Uint8Array, token: string, now: number): Promise<Either<string, Watch>> =>
  verifyAs(kind, key, token, AUDIENCE, now);
