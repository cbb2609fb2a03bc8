import { type Refusal, refuse } from '../conversation/refusals.js';
import * as E from '../either.js';
import type { ConversationId } from '../ids.js';
import { fnv1a32 } from '../log/partition.js';

const notACursor = refuse('InvalidParams', 'the cursor was not made here; start without one');

/** Keyset cursor of a timeline: a seq, bound to its conversation so that it cannot be used in another one. */
export const timelineCursor = (conversationId: ConversationId, seq: number): string =>
  `${seq}.${fnv1a32(conversationId).toString(36)}`;

/** The seq of a cursor, or why it is refused. */
export function readTimelineCursor(
  conversationId: ConversationId,
  cursor: string,
): E.Either<Refusal, number> {
  const [digits, mark, ...rest] = cursor.split('.');
  const seq = wholeNumber(digits);
  if (seq === undefined || mark === undefined || rest.length > 0) return E.left(notACursor);
  return mark === fnv1a32(conversationId).toString(36) ? E.right(seq) : E.left(refuse('CursorForeign'));
}

/**
 * Keyset cursor of a conversation list: last activity in ms, and the id that breaks ties. No cursor of a timeline is one, or it would
 * be taken for a place where the list has ended.
 */
export type ListPosition = { readonly lastActivityAt: number; readonly conversationId: ConversationId };

export const listCursor = ({ lastActivityAt, conversationId }: ListPosition): string =>
  `${lastActivityAt}~${conversationId}`;

export function readListCursor(cursor: string): E.Either<Refusal, ListPosition> {
  const tilde = cursor.indexOf('~');
  const lastActivityAt = wholeNumber(cursor.slice(0, Math.max(tilde, 0)));
  const conversationId = cursor.slice(tilde + 1);
  return lastActivityAt === undefined || !/^[A-Za-z0-9_=-]{1,140}$/.test(conversationId)
    ? E.left(notACursor)
    : E.right({ lastActivityAt, conversationId });
}

function wholeNumber(digits: string | undefined): number | undefined {
  if (digits === undefined || !/^\d{1,16}$/.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : undefined;
}
