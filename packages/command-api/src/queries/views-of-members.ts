import { refusedAccess } from '@parley/domain/conversation/access';
import type { ConversationStore } from '../conversations/store.js';
import type { ClosedView } from '../read/conversation-views.js';

/**
 * Without the views of conversations whose rows stand still and do not know that the reader is a member no more, or that it has ended: of
 * those the log says it.
 */
export async function viewsOfMembers(
  { store, now }: { readonly store: ConversationStore; readonly now: () => number },
  views: readonly ClosedView[],
  reader: string,
): Promise<readonly ClosedView[]> {
  if (!views.some(({ standsStill }) => standsStill)) return views;
  const mayRead = await Promise.all(
    views.map(async ({ standsStill, conversationId }) => {
      if (!standsStill) return true;
      const { state } = await store.fresh(conversationId);
      return refusedAccess(state, reader, now()) === undefined;
    }),
  );
  return views.filter((_, index) => mayRead[index]);
}
