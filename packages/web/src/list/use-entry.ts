import type { ConversationEntry } from '@parley/client/conversations/conversation-list';
import { useSelected } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';

/** A conversation as my list has it, as it changes; undefined: it is not loaded there. */
export function useEntry(conversationId: string | undefined): ConversationEntry | undefined {
  const { client } = useSession();
  return useSelected(client.list, ({ conversations }) =>
    conversations.find((each) => each.conversationId === conversationId),
  );
}
