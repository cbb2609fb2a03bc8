import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { lastOfEach } from './last-of-each.js';
import { readBatch } from './read-batch.js';
import type { Place } from './subjects.js';

/** One stored event, not yet decoded. */
export type StoredEvent = { readonly streamSeq: number; readonly json: unknown };

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
    const page = await readBatch(jsm, place.stream, { seq: next, next_by_subj: place.subject });
    for (const message of page) yield readEvent(message);
    const last = page.at(-1);
    if (last === undefined || last.pending === 0) return;
    next = last.seq + 1;
  }
}

/** Its sequence stands in headers, which are read when it is asked for: that takes as long as all the rest. */
const readEvent = (message: StoredMsg): StoredEvent => ({
  json: parse(message),
  get streamSeq() {
    return message.seq;
  },
});

/** The newest event of a conversation, or undefined. One round trip. */
export async function lastOfConversation(
  jsm: JetStreamManager,
  place: Place,
): Promise<StoredEvent | undefined> {
  const message = await jsm.direct.getMessage(place.stream, { last_by_subj: place.subject });
  return message === null ? undefined : { streamSeq: message.seq, json: parse(message) };
}

/**
 * The newest events of many conversations, in the order of `places`; undefined where there is none.
 *
 * @throws when the broker does not answer.
 */
export async function lastOfConversations(
  jsm: JetStreamManager,
  places: readonly Place[],
): Promise<readonly (StoredEvent | undefined)[]> {
  const streams = Map.groupBy(places, ({ stream }) => stream);
  const found = await Promise.all(
    [...streams].map(([stream, some]) =>
      lastOfEach(
        jsm,
        stream,
        some.map(({ subject }) => subject),
      ),
    ),
  );
  const bySubject = new Map(found.flatMap((some) => [...some]));
  return places.map(({ subject }) => {
    const message = bySubject.get(subject);
    return message && new LazyEvent(message);
  });
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

/** Where an event is: its seq in the conversation and its sequence in the stream. */
export type EventPlace = { readonly seq: number; readonly streamSeq: number };

/**
 * The event with the given conversation seq, or undefined where the log has none: it may have been erased.
 *
 * @param head an event of the conversation whose seq is greater than or equal to the wanted one.
 */
export async function eventAt(
  jsm: JetStreamManager,
  place: Place,
  seq: number,
  head: EventPlace,
): Promise<StoredEvent | undefined> {
  return (await search(jsm, place, seq, head)).found;
}

/** Where the newest event is that has this seq or, where that was erased, an earlier one; 0 where there is none. As `eventAt`. */
export async function streamSeqUpTo(
  jsm: JetStreamManager,
  place: Place,
  seq: number,
  head: EventPlace,
): Promise<number> {
  const { found, before } = await search(jsm, place, seq, head);
  return (found ?? before).streamSeq;
}

/**
 * The broker gives the next event of the subject at or after any stream sequence; where to look is guessed from how the events
 * lie between two that are known, and halved every other time, so that a conversation that was busy once does not make it slow: a
 * few round trips, at most some 40 in a stream of a million, also to see that an event is not there. `before` is an event before
 * it; the one right before, where it is not there.
 */
async function search(
  jsm: JetStreamManager,
  place: Place,
  seq: number,
  head: EventPlace,
): Promise<{ readonly found?: StoredEvent; readonly before: EventPlace }> {
  let low: EventPlace = { seq: 0, streamSeq: 0 };
  let high = head;
  for (let round = 0; low.streamSeq < high.streamSeq && low.seq < seq; round++) {
    const share = round % 2 === 0 ? (seq - low.seq) / (high.seq - low.seq) : 0.5;
    const apart = high.streamSeq - low.streamSeq;
    const guess = low.streamSeq + Math.max(1, Math.min(apart, Math.floor(share * apart)));
    const found = await nextOf(jsm, place, guess);
    if (found === undefined) break;
    const foundSeq = (found.json as { seq?: number } | undefined)?.seq ?? 0;
    if (foundSeq === seq) return { found, before: low };
    // What is wanted lies before the guess: what was found is the first event from there on.
    if (foundSeq > seq) high = { seq: foundSeq - 1, streamSeq: guess - 1 };
    else low = { seq: foundSeq, streamSeq: found.streamSeq };
  }
  return { before: low };
}

async function nextOf(jsm: JetStreamManager, place: Place, seq: number): Promise<StoredEvent | undefined> {
  const message = await jsm.direct.getMessage(place.stream, { seq, next_by_subj: place.subject });
  return message === null ? undefined : { streamSeq: message.seq, json: parse(message) };
}

/** Parsed once it is looked at: of most of them nobody wants more than the sequence. */
class LazyEvent implements StoredEvent {
  readonly streamSeq: number;
  #message: StoredMsg | undefined;
  #json: unknown;

  constructor(message: StoredMsg) {
    this.streamSeq = message.seq;
    this.#message = message;
  }

  get json(): unknown {
    if (this.#message !== undefined) this.#json = parse(this.#message);
    this.#message = undefined;
    return this.#json;
  }
}

/** An event that is not JSON is given as undefined: the reader decides what that means. */
function parse(message: StoredMsg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
