import { createHmac } from 'node:crypto';
import { shape } from '@parley/domain/shape';
import type { Either } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { signAs, type TokenKind, verifyAs } from './signed-token.js';

/** For how long a ticket opens its node, in seconds. A client gets a new one with every `voice.enter`. */
export const TICKET_SECONDS = 60;

/** On behalf of which participant a node is asked, and by which placement of the call. */
const Ticket = shape(
  {
    conversationId: t.string,
    call: t.number,
    participant: t.number,
    user: t.string,
    device: t.string,
    node: t.string,
    fence: t.number,
    /** Whether this participant may send media, in a channel its admins alone; for as long as the node does not know better from the log. */
    speaks: t.boolean,
  },
  {
    /** Where this is an edge: the node that it takes the call's media from, and brings it to. */
    core: t.string,
  },
);
export type Ticket = t.TypeOf<typeof Ticket>;

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

const kind: TokenKind<Ticket> = { claim: 'voice', codec: Ticket, seconds: TICKET_SECONDS, title: 'ticket' };

/** @param now ms since 1970 UTC */
export const signTicket = (key: Uint8Array, ticket: Ticket, now: number): Promise<string> =>
  signAs(kind, key, ticket, ticket.node, now);

/** The ticket, if it is for `node`, whole and not over by `now`, in ms; else why not, in words. */
export const verifyTicket = (
  key: Uint8Array,
  token: string,
  node: string,
  now: number,
): Promise<Either<string, Ticket>> => verifyAs(kind, key, token, node, now);
