import type { ConversationView } from '@parley/domain/wire/views';

/** The other person of a direct conversation: its id is made of both, the length of the first before it. */
export function otherOf(conversationId: string, me: string): string | undefined {
  const match = /^dm-(\d+)-(.*)$/.exec(conversationId);
  if (match === null) return undefined;
  const [, length, both = ''] = match;
  const first = both.slice(0, Number(length));
  const second = both.slice(Number(length) + 1);
  return first === me ? second : first;
}

/** What a conversation is called where I see it. */
export function titleOf(
  { conversationId, title }: Pick<ConversationView, 'conversationId' | 'title'>,
  me: string,
): string {
  return title ?? otherOf(conversationId, me) ?? conversationId;
}
