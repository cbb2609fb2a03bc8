import type { JetStreamManager } from '@nats-io/jetstream';
import type { Remains } from '@parley/domain/conversation/vocabulary';
import type { LoggedEvent } from '@parley/domain/log/digest';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { hollowed } from '@parley/domain/sealing/sealed-text';
import * as E from 'fp-ts/lib/Either.js';
import { readConversation } from '../log/conversation-reader.js';
import type { Place } from '../log/subjects.js';
import { TransferRefused } from './refused.js';
import type { Survey } from './survey.js';

/** An event, or what one is made of whose place in the log is empty. */
export type Recorded = { readonly event: LoggedEvent; readonly isErased: boolean };

/**
 * The events of a conversation, one for each seq up to the last surveyed: where the log has none any more, the event is made of its remains, with a
 * hollow body. One that is erased while it is read has its remains further on in the log.
 *
 * @throws TransferRefused where there are no remains either; as the client does when the broker does not answer
 */
export async function* wholeHistory(
  jsm: JetStreamManager,
  place: Place,
  conversationId: string,
  { lastSeq, streamSeq, remains }: Survey,
): AsyncGenerator<Recorded> {
  const later = new Map<number, Remains>();
  let seq = 0;

  async function* restoredUpTo(end: number): AsyncGenerator<Recorded> {
    while (++seq < end) {
      if (!remains.has(seq) && !later.has(seq)) await readLater();
      const left = remains.get(seq) ?? later.get(seq);
      if (left === undefined)
        throw new TransferRefused(
          'damaged',
          `the event ${seq} of ${conversationId} went out of the log meanwhile`,
        );
      yield { event: restored(conversationId, left), isErased: true };
    }
  }

  async function readLater(): Promise<void> {
    for await (const { json } of readConversation(jsm, place, streamSeq + 1)) {
      const event = decodeEnvelope(json);
      if (E.isRight(event) && event.right.type === 'message.erased')
        for (const left of event.right.data.remains) later.set(left.seq, left);
    }
  }

  for await (const { json } of readConversation(jsm, place)) {
    const { importedTo: _, ...event } = json as LoggedEvent & { readonly importedTo?: unknown };
    if (event.seq > lastSeq) break;
    yield* restoredUpTo(event.seq);
    yield { event, isErased: false };
  }
  yield* restoredUpTo(lastSeq + 1);
}

function restored(conversationId: string, left: Remains): LoggedEvent {
  const { streamSeq: _, seq, type, version, data, ...rest } = left;
  const id = `${conversationId}:${seq}`;
  const { body } = data as { readonly body: string };
  return {
    id,
    type,
    version,
    conversationId,
    seq,
    ...rest,
    data: { ...(data as object), body: hollowed(body) },
  } as LoggedEvent;
}
