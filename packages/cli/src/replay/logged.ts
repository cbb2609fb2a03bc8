import { decodeEnvelope, type Envelope, isNewest } from '@parley/domain/log/envelope';
import * as E from 'fp-ts/lib/Either.js';

/** An event as readers get it: of the log, or with something else in the place of what was sealed in it. */
export type ToldEvent = Omit<Envelope, 'type' | 'data'> & {
  readonly type: Envelope['type'];
  readonly data: Readonly<Record<string, unknown>>;
};

/** An event at its place in the log. */
export type At<Event> = {
  readonly partition: number;
  readonly streamSeq: number;
  readonly event: Event;
  /** Its JSON as the log has it, where that is this event on one line: it need not be made again. */
  readonly json: Uint8Array | undefined;
};

export type Logged = At<Envelope>;
export type Told = At<ToldEvent>;

/** An event that nobody can read. */
export type Fault = { readonly partition: number; readonly streamSeq: number; readonly reason: string };

/** Decodes a stored event; in its newest form it is handed on as it is. */
export function readStored(partition: number, streamSeq: number, bytes: Uint8Array): Logged | Fault {
  let input: unknown;
  try {
    input = JSON.parse(utf8.decode(bytes));
  } catch {
    return { partition, streamSeq, reason: 'it is not JSON' };
  }
  if (isNewest(input))
    return { partition, streamSeq, event: input, json: bytes.includes(NEWLINE) ? undefined : bytes };
  const decoded = decodeEnvelope(input);
  return E.isLeft(decoded)
    ? { partition, streamSeq, reason: decoded.left }
    : { partition, streamSeq, event: decoded.right, json: undefined };
}

export const isFault = (read: Logged | Fault): read is Fault => 'reason' in read;

const NEWLINE = 0x0a;

/** A byte order mark is no JSON, and would be handed on. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
