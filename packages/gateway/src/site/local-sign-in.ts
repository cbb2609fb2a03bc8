import { randomBytes } from 'node:crypto';
import { DeviceId, UserId } from '@parley/domain/ids';
import { shape } from '@parley/domain/shape';
import { decodeWith } from '@parley/domain/text';
import { parseJson } from '@parley/infra/runtime/parse-json';
import { signToken } from '@parley/infra/runtime/tokens';
import * as E from 'fp-ts/lib/Either.js';

/** Seconds a token of this kind is good; the page asks for the next one by itself. */
const GOOD_FOR_S = 3_600;

/** Bytes of a question, far more than the longest ids need. */
export const MAX_QUESTION = 1_024;

/** Whom the sign-in page offers; any other name works too. */
const PEOPLE = ['demo', 'ann', 'bob'] as const;

/** Where a request comes from, as far as deciding about it needs; headers are empty where they are missing. */
export type Asker = {
  readonly remoteAddress: string;
  readonly host: string;
  readonly origin: string;
  readonly fetchSite: string;
};

/**
 * Whether a person at this machine asks, from a page that this gateway served: the connection and the Host are of the
 * loopback (so no name of elsewhere was bound to it), and no other origin's page is behind it.
 */
export function isAskedFromHere({ remoteAddress, host, origin, fetchSite }: Asker): boolean {
  return (
    isLoopback(remoteAddress) &&
    /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/.test(host) &&
    (origin === '' || origin === `http://${host}`) &&
    ['', 'same-origin', 'none'].includes(fetchSite)
  );
}

/** uWebSockets.js writes addresses out, in groups of four digits, and IPv4 ones as they are. */
const isLoopback = (address: string): boolean =>
  /^127\./.test(address) || /^(?:0000:){7}0001$/.test(address) || /^(?:0000:){5}ffff:7f/.test(address);

export const offer = (): string => JSON.stringify({ people: PEOPLE });

const Question = shape({ user: UserId }, { device: DeviceId });

/** A token for whoever is named, on a device of its own unless it renews one; or what is wrong with the question. */
export async function signIn(secret: Uint8Array, body: Buffer): Promise<E.Either<string, string>> {
  const question = decodeWith(Question, parseJson(body));
  if (E.isLeft(question)) return question;
  const { user, device = `web-${randomBytes(9).toString('base64url')}` } = question.right;
  const token = await signToken(secret, { sub: user, did: device, expiresIn: GOOD_FOR_S });
  return E.right(JSON.stringify({ token, user, device }));
}
