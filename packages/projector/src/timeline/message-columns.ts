import type { ConversationChanges } from './changes.js';

export type Sent = Pick<ConversationChanges, 'conversationId' | 'sent'>;

/**
 * The messages a batch sent, as one array per column: conversation_id, seq, ordinal, author, at, sent_at, reply_to,
 * expires_at, edited_at, deleted_at, expired, body.
 */
export function messageColumnsOf(all: readonly Sent[]): readonly unknown[][] {
  const ids: string[] = [];
  const sent = all.flatMap(({ conversationId, sent }) => {
    for (let i = 0; i < sent.size; i++) ids.push(conversationId);
    return [...sent.values()];
  });
  return [
    ids,
    sent.map(({ seq }) => seq),
    sent.map(({ ordinal }) => ordinal),
    sent.map(({ author }) => author),
    sent.map(({ at }) => at),
    sent.map(({ sentAt }) => sentAt),
    sent.map(({ replyTo }) => replyTo),
    sent.map(({ expiresAt }) => expiresAt),
    sent.map(({ editedAt }) => editedAt),
    sent.map(({ deletedAt }) => deletedAt),
    sent.map(({ expired }) => expired),
    sent.map(({ body }) => body),
  ];
}
