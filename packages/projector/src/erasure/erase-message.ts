import type { JetStreamManager } from '@nats-io/jetstream';
import { type Conversation, stands } from '@parley/domain/conversation/state';
import { MAX_REMAINS } from '@parley/domain/conversation/vocabulary';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { readConversation, streamSeqUpTo } from '@parley/infra/log/conversation-reader';
import { foldConversation } from '@parley/infra/log/fold-conversation';
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
  const { jsm, snapshots, partitions } = resources;
  const { conversationId, seq } = message;
  const place = placeOf(conversationId, partitions);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const known = await foldConversation(jsm, snapshots, conversationId, place);
    // Of an erased conversation nothing can be opened any more.
    if (known.state.tag === 'erased') return done;
    if (!stands(known.state) || known.state.revision < seq) return notYet;
    const { trace, streamSeq } = await readTrace(jsm, place, seq, known);
    if (streamSeq !== known.streamSeq) continue;
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
  }
  return later('contended');
}

/** Reads the conversation from the message on, as far as it goes now. */
async function readTrace(
  jsm: JetStreamManager,
  place: Place,
  seq: number,
  { state, streamSeq: head }: Folded<Conversation>,
): Promise<{ readonly trace: Trace; readonly streamSeq: number }> {
  let trace = noTrace(seq);
  let streamSeq = await streamSeqUpTo(jsm, place, seq, { seq: state.revision, streamSeq: head });
  for await (const stored of readConversation(jsm, place, streamSeq)) {
    streamSeq = stored.streamSeq;
    const event = decodeEnvelope(stored.json);
    if (isRight(event)) trace = follow(trace, streamSeq, event.right, stored.json);
  }
  return { trace, streamSeq };
}
