import type { JetStreamManager } from '@nats-io/jetstream';
import { evolve } from '@parley/domain/conversation/evolve';
import { type Conversation, initial } from '@parley/domain/conversation/state';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { isRight } from 'fp-ts/lib/Either.js';
import { readConversation } from './conversation-reader.js';
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
  let folded: Folded<Conversation> = from ?? { state: initial, streamSeq: 0 };
  for await (const { streamSeq, json } of readConversation(jsm, place, folded.streamSeq + 1)) {
    const event = decodeEnvelope(json);
    // An event nobody can read has its seq, and changes nothing.
    const state = isRight(event)
      ? evolve(folded.state, event.right)
      : { ...folded.state, revision: Math.max(folded.state.revision + 1, seqOf(json)) };
    folded = { state, streamSeq };
  }
  return folded;
}

function seqOf(json: unknown): number {
  const seq = (json as { readonly seq?: unknown } | null | undefined)?.seq;
  return Number.isSafeInteger(seq) ? (seq as number) : 0;
}
