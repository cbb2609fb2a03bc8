import type { Remains } from '@parley/domain/conversation/vocabulary';
import { eventOfRemains } from '@parley/domain/log/remains';
import type { ConversationChanges, SentMessage } from './changes.js';
import { count, type EventOf, rowOf } from './fold-messages.js';

type Erased = EventOf<'message.erased'>;

/**
 * What is left of a message whose events were taken out of the log. What it did to its conversation is folded again in any case:
 * there it changes nothing where the message was seen. Its row is made only where it was not.
 */
export function foldErased(changes: ConversationChanges, event: Erased): void {
  const sent = event.data.remains.flatMap((left) => {
    const row = rowLeft(event, left);
    return row === undefined ? [] : [{ streamSeq: left.streamSeq, row }];
  });
  for (const { row } of sent) count(changes, row);
  changes.erased.push({ sent });
}

/** As it was when it was sent, but for its body, and what became of it. */
function rowLeft({ conversationId, data: fate }: Erased, left: Remains): SentMessage | undefined {
  const event = eventOfRemains(conversationId, left);
  if (event?.type !== 'message.sent') return undefined;
  return { ...rowOf(event), body: null, deletedAt: fate.deletedAt ?? null, expired: fate.expired === true };
}
