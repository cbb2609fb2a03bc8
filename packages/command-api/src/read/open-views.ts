import type { ConversationView, MessageView } from '@parley/domain/wire/views';
import { bodyOf, type MessageRow, toMessageView } from '@parley/infra/read-model/message-row';
import { openEach } from '@parley/infra/vault/open-each';
import type { Vault } from '@parley/infra/vault/vault';
import type { ClosedView } from './conversation-views.js';

type CanOpen = Pick<Vault, 'open'>;

/** Messages of one conversation as `reader` gets them, their bodies opened. */
export async function openMessages(
  vault: CanOpen,
  conversationId: string,
  rows: readonly MessageRow[],
  reader: string,
): Promise<readonly MessageView[]> {
  const bodies = await openEach(
    vault,
    rows.map((row) => bodyOf(conversationId, row)),
  );
  return rows.map((row, index) => toMessageView(row, reader, bodies[index]));
}

/** Conversations as `reader` gets them, their previews opened. */
export async function openViews(
  vault: CanOpen,
  views: readonly ClosedView[],
  reader: string,
): Promise<readonly ConversationView[]> {
  const bodies = await openEach(
    vault,
    views.map(({ conversationId, preview }) =>
      preview === null ? undefined : bodyOf(conversationId, preview),
    ),
  );
  return views.map(({ preview, ...view }, index) => ({
    ...view,
    preview: preview === null ? null : toMessageView(preview, reader, bodies[index]),
  }));
}
