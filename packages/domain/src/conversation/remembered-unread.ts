import { deedsOf } from './recent.js';
import type { Conversation } from './state.js';

/**
 * 0 where the folded state is sure that a member who has read up to `read` has read everything; undefined where it is not:
 * there is more, or the state does not remember that far back. What somebody sent they have read up to.
 */
export function rememberedUnread({ recent }: Conversation, user: string, read: number): 0 | undefined {
  const deeds = deedsOf(recent);
  const newest = deeds.findLast(({ type, seq, gone }) => type === 'message.sent' && !gone && seq > read);
  if (newest !== undefined) return newest.actor === user ? 0 : undefined;
  return (deeds[0]?.seq ?? 1) <= read + 1 ? 0 : undefined;
}
