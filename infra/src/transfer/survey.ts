import type { JetStreamManager } from '@nats-io/jetstream';
import { isOver } from '@parley/domain/conversation/access';
import { evolve } from '@parley/domain/conversation/evolve';
import { type Conversation, initial, stands } from '@parley/domain/conversation/state';
import type { Remains } from '@parley/domain/conversation/vocabulary';
import { digestConversation } from '@parley/domain/log/conversation-digest';
import type { Digest, LoggedEvent } from '@parley/domain/log/digest';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { closedIn } from '@parley/domain/sealing/closed';
import { readSealedText } from '@parley/domain/sealing/sealed-text';
import * as E from 'fp-ts/lib/Either.js';
import { readConversation } from '../log/conversation-reader.js';
import type { Place } from '../log/subjects.js';
import { foldGone, type Gone } from './gone.js';
import { TransferRefused } from './refused.js';

/** What must be known of a conversation before its first event is written. */
export type Survey = {
  readonly lastSeq: number;
  readonly streamSeq: number;
  readonly digest: Digest;
  readonly gone: Gone;
  /** What is left of erased events, by seq. */
  readonly remains: ReadonlyMap<number, Remains>;
};

/**
 * Reads a conversation through once: how far it goes, what in it is over, and what is left of what was erased.
 *
 * @throws TransferRefused where it is not there, not whole, or not sealed; as the client does when the broker does not answer
 */
export async function survey(
  jsm: JetStreamManager,
  place: Place,
  conversationId: string,
  now: number,
): Promise<Survey> {
  const digest = digestConversation();
  const gone = foldGone();
  const remains = new Map<number, Remains>();
  let state: Conversation = initial;
  let streamSeq = 0;
  for await (const stored of readConversation(jsm, place)) {
    streamSeq = stored.streamSeq;
    const event = readable(stored.json, place, streamSeq);
    digest.add(stored.json as LoggedEvent);
    gone.add(event);
    state = evolve(state, event);
    if (event.type === 'message.erased') for (const left of event.data.remains) remains.set(left.seq, left);
  }
  if (!stands(state) || isOver(state.expiresAt, now))
    throw new TransferRefused(
      'absent',
      state.tag === 'absent'
        ? `there is no conversation ${conversationId} in the log`
        : `the conversation ${conversationId} was erased, or its time is over: nothing of it is left to export`,
    );
  if (state.isIncoming)
    throw new TransferRefused(
      'damaged',
      `${conversationId} is being imported: export it when all of it is there`,
    );
  const [missing] = digest.missing();
  if (missing !== undefined)
    throw new TransferRefused(
      'damaged',
      `the log does not have all of ${conversationId}: from seq ${missing[0]} to ${missing[1]} it has no events, and nothing says that they were erased`,
    );
  return { lastSeq: digest.lastSeq, streamSeq, digest: digest.digest, gone, remains };
}

function readable(json: unknown, { stream }: Place, streamSeq: number): Envelope {
  const decoded = decodeEnvelope(json);
  if (E.isLeft(decoded))
    throw new TransferRefused(
      'damaged',
      `the event at ${stream}:${streamSeq} cannot be read: ${decoded.left}; a newer release may know it`,
    );
  const closed = closedIn(decoded.right);
  if (closed !== undefined && readSealedText(closed.opaque) === undefined)
    throw new TransferRefused(
      'unsealed',
      `the event at ${stream}:${streamSeq} has a body or title of before they were sealed: it would have to be sealed to be stored elsewhere, and then its history would not be the same`,
    );
  return decoded.right;
}
