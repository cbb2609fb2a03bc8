import { isShown, type MessageRow } from './message-row.js';

/**
 * Rows of a newest page with the number of replies that are shown at the time `now`: whatever replies to a message of such a page is on it
 * too.
 */
export function withReplies(messages: readonly MessageRow[], now: number): readonly MessageRow[] {
  const replies = new Map<number, number>();
  for (const row of messages) {
    const { seq, replyTo, deletedAt } = row;
    if (replyTo !== null && replyTo < seq && deletedAt === null && isShown(row, now))
      replies.set(replyTo, (replies.get(replyTo) ?? 0) + 1);
  }
  if (replies.size === 0) return messages;
  return messages.map((row) => {
    const count = replies.get(row.seq);
    return count === undefined ? row : { ...row, replies: count };
  });
}
