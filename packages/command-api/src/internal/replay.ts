import type { JetStreamManager } from '@nats-io/jetstream';
import { refusedAccess } from '@parley/domain/conversation/access';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { type LiveEvent, liveEvent } from '@parley/domain/wire/live';
import { eventAt, readConversation } from '@parley/infra/log/conversation-reader';
import { MAX_MESSAGE } from '@parley/infra/rpc/tick-batch';
import * as E from 'fp-ts/lib/Either.js';
import type { ConversationStore, Known } from '../conversations/store.js';

export type Replayed = {
  readonly events: readonly LiveEvent[];
  readonly head: number;
  readonly hasMore: boolean;
};

export type ReplayParams = {
  readonly conversationId: string;
  readonly user: string;
  /** Seq of the newest event the asker has. */
  readonly after: number;
  /** Most events wanted, 1 to 1,000. */
  readonly limit: number;
};

/**
 * Events after a seq, as clients get them, from the log alone. Only for members: who left gets nothing, and is told so.
 */
export async function replay(
  jsm: JetStreamManager,
  store: ConversationStore,
  { conversationId, user, after, limit }: ReplayParams,
): Promise<E.Either<Refusal, Replayed>> {
  const known = await store.fresh(conversationId);
  const head = known.state.revision;
  const refused = refusedAccess(known.state, user);
  if (refused !== undefined) return E.left(refused);
  if (after > head) return E.left(refuse('BeyondTheHead', `the newest event is ${head}`));
  const events: LiveEvent[] = [];
  if (after < head) {
    const place = store.placeOf(conversationId);
    const from = await streamSeqAfter(jsm, store, known, conversationId, after);
    let characters = 0;
    for await (const { json } of readConversation(jsm, place, from)) {
      const envelope = decodeEnvelope(json);
      if (E.isRight(envelope) && envelope.right.seq > after && envelope.right.seq <= head) {
        const event = liveEvent(envelope.right);
        characters += JSON.stringify(event.data).length;
        // An answer travels in one message of the broker: the asker comes again for the rest.
        if (events.length > 0 && characters > MAX_MESSAGE) break;
        events.push(event);
      }
      if (events.length >= Math.min(limit, 1_000)) break;
    }
  }
  return E.right({ events, head, hasMore: events.length > 0 && (events.at(-1)?.seq ?? head) < head });
}

async function streamSeqAfter(
  jsm: JetStreamManager,
  store: ConversationStore,
  known: Known,
  conversationId: string,
  after: number,
): Promise<number> {
  if (after === 0) return 1;
  const stored = await eventAt(jsm, store.placeOf(conversationId), after, known.streamSeq);
  return stored === undefined ? 1 : stored.streamSeq + 1;
}
