import type { BatchCallback, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { Place } from './subjects.js';

/** One stored event, not yet decoded. */
export type StoredEvent = { readonly streamSeq: number; readonly json: unknown };

/** Messages asked of the broker at once. */
const PAGE = 1_000;

/**
 * Reads one conversation's events in order, from a stream sequence on, without a consumer: a direct read answers 200
 * events of one subject among 200,000 in about 20 ms and leaves nothing behind on the server.
 *
 * @throws when the broker does not answer.
 */
export async function* readConversation(
  jsm: JetStreamManager,
  place: Place,
  from = 1,
): AsyncGenerator<StoredEvent> {
  let next = Math.max(1, from);
  for (;;) {
    const page = await readPage(jsm, place, next);
    for (const message of page) yield { streamSeq: message.seq, json: parse(message) };
    const last = page.at(-1);
    if (last === undefined || last.pending === 0) return;
    next = last.seq + 1;
  }
}

/** Up to a page of a subject's messages. By callback, because the client's iterator form leaves its subscription behind. */
function readPage(
  jsm: JetStreamManager,
  { stream, subject }: Place,
  seq: number,
): Promise<readonly StoredMsg[]> {
  return new Promise((resolve, reject) => {
    const page: StoredMsg[] = [];
    const callback: BatchCallback<StoredMsg> = (done, message) => {
      if (done === null) page.push(message);
      else if (done.err !== undefined && !isNothingThere(done.err)) reject(done.err);
      else resolve(page);
    };
    jsm.direct.getBatch(stream, { seq, batch: PAGE, next_by_subj: subject, callback }).catch(reject);
  });
}

/** A status, not a failure: the subject has no message from there on. */
const isNothingThere = (error: Error & { code?: unknown }): boolean => error.code === 404;

/** The newest event of a conversation, or undefined. One round trip. */
export async function lastOfConversation(
  jsm: JetStreamManager,
  place: Place,
): Promise<StoredEvent | undefined> {
  const message = await jsm.direct.getMessage(place.stream, { last_by_subj: place.subject });
  return message === null ? undefined : { streamSeq: message.seq, json: parse(message) };
}

/** The message of a conversation's stream with this sequence, or undefined. */
export async function storedAt(
  jsm: JetStreamManager,
  { stream }: Place,
  streamSeq: number,
): Promise<StoredEvent | undefined> {
  const message = await jsm.direct.getMessage(stream, { seq: streamSeq });
  return message === null ? undefined : { streamSeq: message.seq, json: parse(message) };
}

/**
 * The event with the given conversation seq, or undefined. Searches by halves over the stream: the broker gives the next
 * event of the subject at or after any stream sequence, and the seq in it says which half to take; about 20 round trips
 * in a stream of a million.
 *
 * @param below stream sequence of an event of the conversation whose seq is greater than or equal to the wanted one.
 */
export async function eventAt(
  jsm: JetStreamManager,
  place: Place,
  seq: number,
  below: number,
): Promise<StoredEvent | undefined> {
  let low = 1;
  let high = below;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const found = await nextOf(jsm, place, middle);
    if (found === undefined) return undefined;
    const foundSeq = (found.json as { seq?: number }).seq ?? 0;
    if (foundSeq === seq) return found;
    if (foundSeq > seq) high = middle - 1;
    else low = found.streamSeq + 1;
  }
  return undefined;
}

async function nextOf(jsm: JetStreamManager, place: Place, seq: number): Promise<StoredEvent | undefined> {
  const message = await jsm.direct.getMessage(place.stream, { seq, next_by_subj: place.subject });
  return message === null ? undefined : { streamSeq: message.seq, json: parse(message) };
}

/** An event that is not JSON is given as undefined: the reader decides what that means. */
function parse(message: StoredMsg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
