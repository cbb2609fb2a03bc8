import type { ListPosition } from '@parley/domain/wire/cursor';
import type { ConversationView } from '@parley/domain/wire/views';
import type { Call } from '../calls.js';

/** What a whole-account sync has found. */
export type Changes = {
  readonly views: readonly ConversationView[];
  readonly left: readonly string[];
  /** What to ask with the next time. */
  readonly token: string;
  /** Where there is all there is: what is not among the views, and not below the edge, is not mine. */
  readonly full?: { readonly edge: ListPosition | undefined };
  /** It had not seen all of the log: what it left out may be in no live event of ours either. */
  readonly isBehind: boolean;
};

/** Conversations asked for at once. */
export const PAGE = 50;

/**
 * What changed since `since`; without it, or where the server cannot tell, the newest conversations, `atLeast` of them if there are so
 * many.
 *
 * @throws RefusalError
 */
export async function readChanges(call: Call, since: string | undefined, atLeast: number): Promise<Changes> {
  const views: ConversationView[] = [];
  const left: string[] = [];
  let isFull = since === undefined;
  let isBehind = false;
  let after: string | undefined;
  for (;;) {
    const page = await call('session.sync', {
      ...(isFull ? { limit: PAGE } : { since }),
      ...(after === undefined ? {} : { after }),
    });
    if (after === undefined) isBehind = (page.behind ?? 0) > 0;
    isFull ||= page.full;
    views.push(...page.conversations);
    left.push(...page.left);
    const { token, hasMore, nextCursor } = page;
    const isDone = !hasMore || nextCursor === undefined;
    if (!isFull && isDone) return { views, left, token, isBehind };
    if (isFull && (isDone || views.length >= atLeast))
      return { views, left, token, isBehind, full: { edge: isDone ? undefined : positionOf(views.at(-1)) } };
    after = nextCursor;
  }
}

/** Where a page of the list ends. */
export const positionOf = (view: ConversationView | undefined): ListPosition | undefined =>
  view && { lastActivityAt: view.lastActivityAt, conversationId: view.conversationId };
