import type { OpaqueBody } from '@parley/domain/conversation/body';
import { type Closed, closedTitle } from '@parley/domain/sealing/closed';
import { type ShownTitle, shownTitle } from '@parley/domain/sealing/opened';
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

/** Conversations as `reader` gets them, their titles and previews opened. */
export async function openViews(
  vault: CanOpen,
  views: readonly ClosedView[],
  reader: string,
): Promise<readonly ConversationView[]> {
  const opened = (await openEach(vault, views.flatMap(closedOf))).values();
  return views.map(({ title: _, standsStill: __, preview, ...view }) => {
    const title = opened.next().value;
    const body = opened.next().value;
    return {
      ...view,
      preview: preview === null ? null : toMessageView(preview, reader, body),
      ...(title === undefined ? {} : shownTitle(title)),
    };
  });
}

const closedOf = ({ conversationId, title, preview }: ClosedView): readonly (Closed | undefined)[] => [
  title === null ? undefined : closedTitle(conversationId, title),
  preview === null ? undefined : bodyOf(conversationId, preview),
];

/** The title of a conversation as its members get it. */
export async function openTitle(
  vault: CanOpen,
  conversationId: string,
  title: OpaqueBody | undefined,
): Promise<ShownTitle | undefined> {
  const [opened] = await openEach(vault, [
    title === undefined ? undefined : closedTitle(conversationId, title),
  ]);
  return opened && shownTitle(opened);
}
