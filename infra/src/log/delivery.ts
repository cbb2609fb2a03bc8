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
  readonly headers?: MsgHdrs;
};

/**
 * A message and its place in the consumer's count, which is dense from 1. Both are in its reply subject:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<streamSeq>.<delivery>.<time in ns>.<pending>`, or with a domain and an account
 * before the stream and a token behind the end.
 *
 * @throws Error when it is no message of a consumer.
 */
export function readDelivery(message: Msg): { readonly delivery: number; readonly logged: LoggedMessage } {
  const tokens = (message.reply ?? '').split('.');
  if (tokens[1] !== 'ACK' || tokens.length < 9)
    throw new Error(`not a message of a consumer: ${message.reply}`);
  const at = tokens.length === 9 ? 5 : 7;
  return {
    delivery: Number(tokens[at + 1]),
    logged: {
      streamSeq: Number(tokens[at]),
      subject: message.subject,
      bytes: message.data,
      // Nanoseconds have more digits than a number holds; the last six are cut off as text.
      storedAt: Number((tokens[at + 2] as string).slice(0, -6)),
      pending: Number(tokens[at + 3]),
      ...(message.headers === undefined ? {} : { headers: message.headers }),
    },
  };
}
