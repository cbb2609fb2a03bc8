import type { JetStreamManager } from '@nats-io/jetstream';
import { type Conversation, stands } from '@parley/domain/conversation/state';
import { MAX_REMAINS } from '@parley/domain/conversation/vocabulary';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { readConversation, type StoredEvent, streamSeqUpTo } from '@parley/infra/log/conversation-reader';
import type { Folded } from '@parley/infra/log/snapshots';
import { type Place, placeOf } from '@parley/infra/log/subjects';
import { isRight } from 'fp-ts/lib/Either.js';
import { appendBySystem } from './append-by-system.js';
import { done, later, notYet, type Outcome } from './outcome.js';
import { destroyMessage } from './purge.js';
import type { LogResources } from './resources.js';
import { follow, noTrace, type Trace, unsaid } from './trace.js';

type Message = { readonly conversationId: string; readonly seq: number };

/** Times that others may be faster before the job is put back. */
const MAX_ROUNDS = 8;

/**
 * Takes a deleted message out of the log: says what is left of its events, then destroys them, edits first, so that whoever finds
 * the message gone finds its edits gone. Each round reads the log, does the next step and looks again, so it may be killed anywhere.
 *
 * @throws when the broker does not answer.
 */
export async function eraseMessage(resources: LogResources, message: Message): Promise<Outcome> {
  const { jsm, know, partitions } = resources;
  const { conversationId, seq } = message;
  const place = placeOf(conversationId, partitions);
  let reading: Reading | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const known = await know(conversationId);
    // Of an erased conversation nothing can be opened any more.
    if (known.state.tag === 'erased') return done;
    if (!stands(known.state) || known.state.revision < seq) return notYet;
    reading = await readOn(jsm, place, reading ?? (await beginAt(jsm, place, seq, known)));
    if (reading.streamSeq !== known.streamSeq) continue;
    const { trace } = reading;
    if (!trace.isDeleted) return notYet;
    if (known.state.hold !== undefined) return later('held');
    const remains = unsaid(trace).slice(0, MAX_REMAINS);
    if (remains.length > 0) {
      const commandId = `erase-${seq}-${remains[0]?.streamSeq}`;
      const data = { conversationId, commandId, seq, remains, ...trace.fate };
      const appended = await appendBySystem(resources, known, { type: 'message.erase', data });
      // What had no room in this event has to be said first, or the message would go before its edits.
      if (appended !== 'appended' || remains.length < unsaid(trace).length) continue;
    }
    if (trace.remains.length === 0) return done;
    for (const left of trace.remains.toReversed()) await destroyMessage(jsm, place.stream, left.streamSeq);
    reading = { ...reading, trace: { ...trace, remains: [] } };
  }
  return later('contended');
}

/** How far the conversation has been read for traces of the message. */
type Reading = { readonly trace: Trace; readonly streamSeq: number };

/** Before the message, or before what is left of it. */
async function beginAt(
  jsm: JetStreamManager,
  place: Place,
  seq: number,
  { state, streamSeq }: Folded<Conversation>,
): Promise<Reading> {
  const head = { seq: state.revision, streamSeq };
  return { trace: noTrace(seq), streamSeq: (await streamSeqUpTo(jsm, place, seq, head)) - 1 };
}

/** Reads on, as far as the conversation goes now. */
async function readOn(jsm: JetStreamManager, place: Place, from: Reading): Promise<Reading> {
  let { trace } = from;
  let last: StoredEvent | undefined;
  for await (const stored of readConversation(jsm, place, from.streamSeq + 1)) {
    last = stored;
    if (!mayConcern(trace, stored.json)) continue;
    const event = decodeEnvelope(stored.json);
    if (isRight(event)) trace = follow(trace, stored.streamSeq, event.right, stored.json);
  }
  return { trace, streamSeq: last?.streamSeq ?? from.streamSeq };
}

/** Most of what follows a message is other messages: they are not decoded. */
function mayConcern({ seq }: Trace, json: unknown): boolean {
  const event = json as {
    readonly type?: unknown;
    readonly seq?: unknown;
    readonly data?: { readonly seq?: unknown };
  } | null;
  return event?.type === 'message.sent'
    ? event.seq === seq
    : event?.data?.seq === undefined || event.data.seq === seq;
}
