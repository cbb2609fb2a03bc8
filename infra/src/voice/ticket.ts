import { createHmac } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { jwtVerify, SignJWT } from 'jose';

/** For how long a ticket opens its node, in seconds. A client gets a new one with every `voice.enter`. */
export const TICKET_SECONDS = 60;

/** On behalf of which participant a node is asked, and by which placement of the call. */
export type Ticket = {
  readonly conversationId: string;
  readonly call: number;
  readonly participant: number;
  readonly user: string;
  readonly device: string;
  readonly node: string;
  readonly fence: number;
  /** Where this is an edge: the node that it takes the call's media from, and brings it to. */
  readonly core?: string;
  /** Whether this participant may send media: in a channel, its admins alone. */
  readonly speaks: boolean;
};

/**
 * The key of tickets: PARLEY_VOICE_SECRET, else one made of the local token secret. Gateways and nodes must have the same.
 *
 * @throws Error naming both variables when neither is set
 */
export function ticketKey(config: {
  readonly PARLEY_VOICE_SECRET: Uint8Array | undefined;
  readonly PARLEY_TOKEN_SECRET: Uint8Array | undefined;
}): Uint8Array {
  if (config.PARLEY_VOICE_SECRET !== undefined) return config.PARLEY_VOICE_SECRET;
  if (config.PARLEY_TOKEN_SECRET === undefined)
    throw new Error(
      'Set PARLEY_VOICE_SECRET, the same for gateways and SFU nodes: calls need it where PARLEY_TOKEN_SECRET is not set.',
    );
  return createHmac('sha256', config.PARLEY_TOKEN_SECRET).update('parley voice tickets').digest();
}

/** @param now ms since 1970 UTC */
export const signTicket = (key: Uint8Array, ticket: Ticket, now: number): Promise<string> =>
  new SignJWT({ voice: ticket })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setAudience(ticket.node)
    .setExpirationTime(Math.floor(now / 1_000) + TICKET_SECONDS)
    .sign(key);

/** The ticket, if it is for `node`, whole and not over by `now`, in ms; else why not, in words. */
export async function verifyTicket(
  key: Uint8Array,
  token: string,
  node: string,
  now: number,
): Promise<E.Either<string, Ticket>> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      audience: node,
      currentDate: new Date(now),
      requiredClaims: ['exp'],
    });
    const ticket = Claims.decode(payload.voice);
    return E.isLeft(ticket) ? E.left('it is no ticket') : ticket;
  } catch (error) {
    return E.left(error instanceof Error ? error.message : String(error));
  }
}

const Claims: t.Decoder<unknown, Ticket> = t.intersection([
  t.strict({
    conversationId: t.string,
    call: t.number,
    participant: t.number,
    user: t.string,
    device: t.string,
    node: t.string,
    fence: t.number,
    speaks: t.boolean,
  }),
  t.exact(t.partial({ core: t.string })),
]);
