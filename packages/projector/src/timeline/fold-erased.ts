import type { Remains } from '@parley/domain/conversation/vocabulary';
import type { Envelope } from '@parley/domain/log/envelope';
import { eventOfRemains } from '@parley/domain/log/remains';
import type { ConversationChanges, SentMessage } from './changes.js';

type Erased = Extract<Envelope, { type: 'message.erased' }>;

/**
 * What is left of a message whose events were taken out of the log. What it did to its conversation is folded again in any case:
 * there it changes nothing where the message was seen. Its row is made only where it was not.
 */
export function foldErased(changes: ConversationChanges, event: Erased): void {
  const sent = event.data.remains.flatMap((left) => {
    const row = rowOf(event, left);
    return row === undefined ? [] : [{ streamSeq: left.streamSeq, row }];
  });
  for (const { row } of sent) {
    changes.messages = Math.max(changes.messages, row.ordinal);
    changes.lastActivityAt = Math.max(changes.lastActivityAt, row.at);
  }
  changes.erased.push({ sent });
}

function rowOf({ conversationId, data: fate }: Erased, left: Remains): SentMessage | undefined {
  const event = eventOfRemains(conversationId, left);
  if (event?.type !== 'message.sent') return undefined;
  const { seq, at, actor, data } = event;
  return {
    seq,
    ordinal: data.ordinal,
    author: actor,
    at,
    sentAt: data.sentAt ?? null,
    replyTo: data.replyTo ?? null,
    expiresAt: data.expiresAt ?? null,
    editedAt: null,
    deletedAt: fate.deletedAt ?? null,
    expired: fate.expired === true,
    body: null,
  };
}
