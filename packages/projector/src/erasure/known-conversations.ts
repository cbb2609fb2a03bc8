import type { JetStreamManager } from '@nats-io/jetstream';
import type { Conversation } from '@parley/domain/conversation/state';
import { foldConversation } from '@parley/infra/log/fold-conversation';
import type { Folded, Snapshots } from '@parley/infra/log/snapshots';
import { placeOf } from '@parley/infra/log/subjects';

/** A conversation as the log has it now. */
export type KnowConversation = (conversationId: string) => Promise<Folded<Conversation>>;

/** Conversations remembered: jobs of one come one after the other, and each would read it from its snapshot on. */
const MOST = 64;

/** Folds conversations, each from where it was folded to before. */
export function knowConversations(
  jsm: JetStreamManager,
  snapshots: Snapshots<Conversation>,
  partitions: number,
): KnowConversation {
  const known = new Map<string, Folded<Conversation>>();
  return async (conversationId) => {
    const from = known.get(conversationId) ?? (await snapshots.read(conversationId));
    const folded = await foldConversation(jsm, placeOf(conversationId, partitions), from);
    known.delete(conversationId);
    known.set(conversationId, folded);
    if (known.size > MOST) known.delete(known.keys().next().value as string);
    return folded;
  };
}
