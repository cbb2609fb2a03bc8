import { setImmediate as eventLoop } from 'node:timers/promises';
import { addDigest, type Digest, digestOf, emptyDigest, type LoggedEvent } from '@parley/domain/log/digest';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { seqOf } from '@parley/domain/log/seq-of';
import { textFault } from '@parley/domain/text';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { parseJson } from '@parley/infra/runtime/parse-json';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { DeadLetter } from '../dead-letter.js';

export type DecodedBatch = {
  readonly events: readonly Envelope[];
  /** Stream sequence of each event. */
  readonly streamSeqs: readonly number[];
  /** Messages that hold no event this process can read. */
  readonly unreadable: readonly DeadLetter[];
  /** Seq of the newest unreadable event of a conversation, where it can at least be placed. */
  readonly placed: readonly Placed[];
  /** Of the events that could be read. */
  readonly digest: Digest;
};

export type Placed = { readonly conversationId: string; readonly seq: number; readonly streamSeq: number };

/** Decodes what the log gave. What cannot be read is set aside with the reason, and so is all of it if it is `refused`. */
export async function decodeBatch(
  messages: readonly LoggedMessage[],
  refused?: string,
): Promise<DecodedBatch> {
  const events: Envelope[] = [];
  const unreadable: DeadLetter[] = [];
  const streamSeqs: number[] = [];
  const placed: Placed[] = [];
  let digest = emptyDigest;
  for (const [index, message] of messages.entries()) {
    if (index > 0 && index % AT_A_TIME === 0) await eventLoop();
    const json = parseJson(message.bytes);
    const decoded = refused ?? decodeEvent(message.subject, json);
    if (typeof decoded === 'string') {
      const { streamSeq, subject, bytes } = message;
      unreadable.push({ streamSeq, subject, payload: bytes, error: decoded });
      const place = placeOf(subject, json);
      if (place !== undefined) placed.push({ ...place, streamSeq });
    } else {
      events.push(decoded);
      streamSeqs.push(message.streamSeq);
      digest = addDigest(digest, digestOf(json as LoggedEvent));
    }
  }
  return { events, streamSeqs, unreadable, placed, digest };
}

/** Events decoded without letting anybody else run: about 3 ms. */
const AT_A_TIME = 400;

/** The event, or why there is none that the read model could hold. */
export function decodeEvent(subject: string, json: unknown): Envelope | string {
  if (json === undefined) return 'not JSON';
  const decoded = decodeEnvelope(json);
  if (isLeft(decoded)) return decoded.left;
  const event = decoded.right;
  if (event.conversationId !== conversationOf(subject))
    return `it is of ${event.conversationId}, not of its subject`;
  if (event.type !== 'message.sent' && event.type !== 'message.edited') return event;
  const fault = textFault(event.data.body);
  return fault === undefined ? event : `the body ${fault}`;
}

/** `conv.<pp>.<conversationId>` */
const conversationOf = (subject: string): string => subject.slice(subject.indexOf('.', 5) + 1);

function placeOf(subject: string, json: unknown): { conversationId: string; seq: number } | undefined {
  const seq = seqOf(json);
  return seq === undefined ? undefined : { conversationId: conversationOf(subject), seq };
}
