import type { JetStreamManager } from '@nats-io/jetstream';
import { type ConversationDigest, digestConversation } from '@parley/domain/log/conversation-digest';
import type { LoggedEvent } from '@parley/domain/log/digest';
import { seqOf } from '@parley/domain/log/seq-of';
import { readConversation } from './conversation-reader.js';
import type { Place } from './subjects.js';

/**
 * The digest of a conversation as the log has it, up to a seq or to its end: the same wherever it is kept. An event that is no JSON counts as missing.
 *
 * @throws when the broker does not answer.
 */
export async function conversationDigest(
  jsm: JetStreamManager,
  place: Place,
  upTo?: number,
): Promise<ConversationDigest> {
  const fold = digestConversation(upTo);
  for await (const { json } of readConversation(jsm, place))
    if (seqOf(json) !== undefined) fold.add(json as LoggedEvent);
  return fold;
}
