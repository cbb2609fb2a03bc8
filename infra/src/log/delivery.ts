import type { Msg, MsgHdrs } from '@nats-io/transport-node';

/** A message of a stream as a reader gets it. */
export type LoggedMessage = {
  readonly streamSeq: number;
  readonly subject: string;
  readonly bytes: Uint8Array;
  /** When the broker stored it, in ms since 1970 UTC. */
  readonly storedAt: number;
  /** Messages the broker had after it when it sent it. */
  readonly pending: number;
  /** Read when they are asked for: most readers do not need them. */
  readonly headers: MsgHdrs | undefined;
};

/**
 * A message and its place in the consumer's count, which is dense from 1. Both are in its reply subject:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<streamSeq>.<delivery>.<time in ns>.<pending>`, or with a domain and an account
 * before the stream and a token behind the end. Undefined for what is no message of a consumer but a word about it.
 */
export function readDelivery(
  message: Msg,
): { readonly delivery: number; readonly logged: LoggedMessage } | undefined {
  const tokens = (message.reply ?? '').split('.');
  if (tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  const at = tokens.length === 9 ? 5 : 7;
  return { delivery: Number(tokens[at + 1]), logged: new Delivered(message, tokens, at) };
}

class Delivered implements LoggedMessage {
  readonly streamSeq: number;
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly storedAt: number;
  readonly pending: number;
  readonly #message: Msg;

  constructor(message: Msg, tokens: readonly string[], at: number) {
    this.streamSeq = Number(tokens[at]);
    this.subject = message.subject;
    this.bytes = message.data;
    // Nanoseconds have more digits than a number holds; the last six are cut off as text.
    this.storedAt = Number((tokens[at + 2] as string).slice(0, -6));
    this.pending = Number(tokens[at + 3]);
    this.#message = message;
  }

  get headers(): MsgHdrs | undefined {
    return this.#message.headers;
  }
}
