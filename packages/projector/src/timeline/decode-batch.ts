import { setImmediate as eventLoop } from 'node:timers/promises';
import { addDigest, type Digest, digestOf, emptyDigest, type LoggedEvent } from '@parley/domain/log/digest';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { textFault } from '@parley/domain/text';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { parseJson } from '@parley/infra/runtime/parse-json';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { DeadLetter } from '../parked/dead-letter.js';
import type { Unfolded } from '../parked/park.js';
import { openStandstills } from '../parked/standstills.js';
import type { Withheld } from '../parked/withheld.js';

export type DecodedBatch = Unfolded & {
  readonly events: readonly Envelope[];
  /** Stream sequence of each event. */
  readonly streamSeqs: readonly number[];
  /** Events that were dropped, where they have a place in their conversation. */
  readonly dropped: readonly Dropped[];
  /** Of the events that are folded: what waits is in none, and what was dropped adds nothing, whatever a later release could read in it. */
  readonly digest: Digest;
};

export type Dropped = { readonly conversationId: string; readonly seq: number; readonly streamSeq: number };

/**
 * Decodes what the log gave. The first event of a conversation that cannot be read parks it, and so does one that is `refused`;
 * what comes after it in the conversation waits.
 */
export async function decodeBatch(
  messages: readonly LoggedMessage[],
  withheld: Withheld,
  refused?: string,
): Promise<DecodedBatch> {
  const events: Envelope[] = [];
  const streamSeqs: number[] = [];
  const dropped: Dropped[] = [];
  const unreadable: DeadLetter[] = [];
  const standstills = openStandstills(withheld.parked);
  let digest = emptyDigest;
  for (const [index, { streamSeq, subject, bytes }] of messages.entries()) {
    if (index > 0 && index % AT_A_TIME === 0) await eventLoop();
    if (standstills.isAny && standstills.has(conversationOf(subject))) {
      standstills.wait(conversationOf(subject), bytes);
      continue;
    }
    if (withheld.dropped.has(streamSeq)) {
      const seq = withheld.dropped.get(streamSeq);
      if (seq !== undefined) dropped.push({ conversationId: conversationOf(subject), seq, streamSeq });
      continue;
    }
    const json = parseJson(bytes);
    const decoded = refused ?? decodeEvent(subject, json);
    if (typeof decoded === 'string') {
      unreadable.push({ streamSeq, subject, payload: bytes, error: decoded });
      standstills.begin(conversationOf(subject), streamSeq, bytes);
    } else {
      events.push(decoded);
      streamSeqs.push(streamSeq);
      digest = addDigest(digest, digestOf(json as LoggedEvent));
    }
  }
  return { events, streamSeqs, dropped, unreadable, standstills: standstills.all(), digest };
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
export const conversationOf = (subject: string): string => subject.slice(subject.indexOf('.', 5) + 1);
