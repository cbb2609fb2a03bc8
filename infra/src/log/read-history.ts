import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { Remains } from '@parley/domain/conversation/vocabulary';
import { foldHistory } from '@parley/domain/history/fold-history';
import { emptyHistory, type History } from '@parley/domain/history/history';
import type { Moment } from '@parley/domain/history/moment';
import { decodeEnvelope, type Envelope, isNewest } from '@parley/domain/log/envelope';
import { eventOfRemains } from '@parley/domain/log/remains';
import * as E from 'fp-ts/lib/Either.js';
import { parseJson } from '../runtime/parse-json.js';
import { conversationPages } from './conversation-pages.js';
import { lastOfConversation } from './conversation-reader.js';
import { placeOf } from './subjects.js';

/** An event of the log that cannot be read: where it is, and why not. */
export type UnreadableEvent = { readonly streamSeq: number; readonly reason: string };

/** A conversation as it was at a moment, or why there is no such thing. */
export type PastRead =
  | {
      readonly tag: 'read';
      readonly history: History;
      /** Time of the moment, in ms: what was due by then was shown no more. */
      readonly at: number;
      /** Seq of the newest event there is now. */
      readonly head: number;
      /** Where in the stream the reading ended: what became of the conversation later comes behind it. */
      readonly streamSeq: number;
      /** The first few events that could not be read: what is shown lacks what they did. */
      readonly unreadable: readonly UnreadableEvent[];
    }
  | { readonly tag: 'unknown' }
  | { readonly tag: 'before-it-began'; readonly beganAt: number; readonly firstSeq: number }
  | { readonly tag: 'beyond-the-head'; readonly head: number }
  | { readonly tag: 'too-long'; readonly most: number };

export type HistoryQuestion = {
  readonly conversationId: string;
  readonly partitions: number;
  /** Undefined is after the newest event. */
  readonly at: Moment | undefined;
  /** The time now, in ms: nothing is known of later. */
  readonly now: number;
  /** Events that are folded at most; of a longer conversation, messages that were erased are not looked for. */
  readonly most?: number;
};

const NAMED_UNREADABLE = 10;

/**
 * Folds a conversation from the log alone, up to a moment. The log's order rules: where times go back, an event counts as no earlier than
 * those before it, so a time is the place before the first event that is later. Messages that were erased since are put back where they
 * were, as who wrote when: what they said is gone.
 *
 * @throws when the broker does not answer.
 */
export async function readHistory(jsm: JetStreamManager, question: HistoryQuestion): Promise<PastRead> {
  const { conversationId, partitions, at, now, most = Number.POSITIVE_INFINITY } = question;
  const place = placeOf(conversationId, partitions);
  // Before the newest event is asked for: then what comes in between makes the log look too short, which costs time alone.
  const { subjects } = (await jsm.streams.info(place.stream, { subjects_filter: place.subject })).state;
  const newest = await lastOfConversation(jsm, place);
  if (newest === undefined) return { tag: 'unknown' };
  const head = (newest.json as { seq?: number } | undefined)?.seq ?? 0;
  if (at?.tag === 'seq' && at.seq > head) return { tag: 'beyond-the-head', head };
  const hasHoles = (subjects?.[place.subject] ?? 0) < head;
  const erased = hasHoles && head <= most ? await remainsIn(conversationPages(jsm, place)) : NOTHING;

  const history = emptyHistory(conversationId);
  const until = at?.tag === 'time' && at.time > now ? undefined : at;
  const unreadable: UnreadableEvent[] = [];
  let last: StoredMsg | undefined;
  let count = 0;
  reading: for await (const page of conversationPages(jsm, place)) {
    for (const message of page) {
      const decoded = decode(message);
      if (E.isLeft(decoded)) {
        if (unreadable.length < NAMED_UNREADABLE)
          unreadable.push({ streamSeq: message.seq, reason: decoded.left });
        continue;
      }
      for (const event of [...missing(history, decoded.right.seq, erased), decoded.right]) {
        if (isBehind(until, event)) {
          if (history.revision === 0)
            return { tag: 'before-it-began', beganAt: event.at, firstSeq: event.seq };
          break reading;
        }
        if (++count > most) return { tag: 'too-long', most };
        foldHistory(history, event);
      }
      last = message;
    }
  }
  return {
    tag: 'read',
    history,
    at: until === undefined ? now : until.tag === 'time' ? until.time : history.at,
    head,
    streamSeq: last?.seq ?? 0,
    unreadable,
  };
}

const isBehind = (moment: Moment | undefined, { seq, at }: Envelope): boolean =>
  moment !== undefined && (moment.tag === 'seq' ? seq > moment.seq : at > moment.time);

/** What is left of erased events, by conversation seq. */
type Erased = ReadonlyMap<number, Envelope>;
const NOTHING: Erased = new Map();

/** Events that are missing before this seq and were erased, as what is left of them. */
function missing({ revision }: History, seq: number, erased: Erased): readonly Envelope[] {
  if (erased.size === 0 || seq <= revision + 1) return [];
  // A log may have lost its beginning, which is longer than what was erased.
  if (seq - revision > erased.size)
    return [...erased.values()].filter((event) => revision < event.seq && event.seq < seq);
  const found: Envelope[] = [];
  for (let at = revision + 1; at < seq; at++) {
    const event = erased.get(at);
    if (event !== undefined) found.push(event);
  }
  return found;
}

async function remainsIn(pages: AsyncIterable<readonly StoredMsg[]>): Promise<Erased> {
  const erased = new Map<number, Envelope>();
  for await (const page of pages) {
    for (const message of page) {
      if (!bytesOf(message).includes(ERASED)) continue;
      const decoded = decode(message);
      if (E.isLeft(decoded) || decoded.right.type !== 'message.erased') continue;
      const { conversationId, data } = decoded.right;
      for (const left of data.remains as readonly Remains[]) {
        const event = eventOfRemains(conversationId, left);
        if (event !== undefined) erased.set(event.seq, event);
      }
    }
  }
  return new Map([...erased].sort(([one], [other]) => one - other));
}

const ERASED = 'message.erased';

const bytesOf = ({ data }: StoredMsg): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

function decode({ data }: StoredMsg): E.Either<string, Envelope> {
  const json = parseJson(data);
  if (json === undefined) return E.left('it is not JSON');
  // Fields that nobody knows are nobody's business here.
  return isNewest(json) ? E.right(json) : decodeEnvelope(json);
}
