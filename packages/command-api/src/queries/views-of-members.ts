import { refusedAccess } from '@parley/domain/conversation/access';
import { stands } from '@parley/domain/conversation/state';
import type { ConversationStore } from '../conversations/store.js';
import type { ClosedView } from '../read/conversation-views.js';

/**
 * Without the views of conversations whose rows stand still and do not know that the reader is a member no more, or that it has ended: of
 * those the log says it; and of those that are known to be half imported.
 */
export async function viewsOfMembers(
  { store, now }: { readonly store: ConversationStore; readonly now: () => number },
  views: readonly ClosedView[],
  reader: string,
): Promise<readonly ClosedView[]> {
  const isInDoubt = ({ standsStill, conversationId }: ClosedView): boolean => {
    const known = store.peek(conversationId)?.state;
    return standsStill || (known !== undefined && stands(known) && known.isIncoming);
  };
  if (!views.some(isInDoubt)) return views;
  const mayRead = await Promise.all(
    views.map(async (view) => {
      const { conversationId } = view;
      if (!isInDoubt(view)) return true;
      const { state } = await store.fresh(conversationId);
      return refusedAccess(state, reader, now()) === undefined;
    }),
  );
  return views.filter((_, index) => mayRead[index]);
}
