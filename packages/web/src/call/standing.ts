import type { ConversationEntry } from '@parley/client/conversations/conversation-list';

/** What I may do in the calls of a conversation. */
export type Standing = {
  readonly isDirect: boolean;
  readonly leads: boolean;
  /** Whether I am heard and seen: in a channel those who lead alone. */
  readonly speaks: boolean;
};

/** By its entry in the list; of what is not listed I am taken for a member. */
export function standingOf(entry: Pick<ConversationEntry, 'kind' | 'role'> | undefined): Standing {
  const leads = (entry?.role ?? 'member') !== 'member';
  return { isDirect: entry?.kind === 'direct', leads, speaks: entry?.kind !== 'channel' || leads };
}
