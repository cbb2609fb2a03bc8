import type { JetStreamManager } from '@nats-io/jetstream';
import { evolve } from '@parley/domain/conversation/evolve';
import { type Conversation, initial } from '@parley/domain/conversation/state';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { isRight } from 'fp-ts/lib/Either.js';
import { readConversation, type StoredEvent } from './conversation-reader.js';
import type { Folded } from './snapshots.js';
import type { Place } from './subjects.js';

/**
 * A conversation as the log has it now, folded on from what was known of it, if anything was.
 *
 * @throws when the broker does not answer.
 */
export async function foldConversation(
  jsm: JetStreamManager,
  place: Place,
  from: Folded<Conversation> | undefined,
): Promise<Folded<Conversation>> {
  let { state, streamSeq }: Folded<Conversation> = from ?? { state: initial, streamSeq: 0 };
  let last: StoredEvent | undefined;
  for await (const stored of readConversation(jsm, place, streamSeq + 1)) {
    const event = decodeEnvelope(stored.json);
    // An event nobody can read has its seq, and changes nothing.
    state = isRight(event)
      ? evolve(state, event.right)
      : { ...state, revision: Math.max(state.revision + 1, seqOf(stored.json)) };
    last = stored;
  }
  return { state, streamSeq: last?.streamSeq ?? streamSeq };
}

function seqOf(json: unknown): number {
  const seq = (json as { readonly seq?: unknown } | null | undefined)?.seq;
  return Number.isSafeInteger(seq) ? (seq as number) : 0;
}
