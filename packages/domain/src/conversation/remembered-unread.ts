import { deedsOf } from './recent.js';
import type { Conversation } from './state.js';

/**
 * 0 where the folded state is sure that a member who has read up to `read` has read everything; undefined where it is not:
 * there is more, or the state does not remember that far back. What somebody sent they have read up to, also if it is gone since.
 */
export function rememberedUnread({ recent }: Conversation, user: string, read: number): 0 | undefined {
  const deeds = deedsOf(recent);
  const own = deeds.findLast(({ type, actor }) => type === 'message.sent' && actor === user)?.seq;
  const from = Math.max(read, own ?? 0);
  if (deeds.some(({ type, seq, gone }) => type === 'message.sent' && !gone && seq > from)) return undefined;
  return (deeds[0]?.seq ?? 1) <= from + 1 ? 0 : undefined;
}
