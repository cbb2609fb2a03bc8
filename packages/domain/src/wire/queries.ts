import type * as t from 'io-ts';
import { ConversationId, Seq, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { boundedInteger, boundedText } from '../text.js';

/** Messages or conversations on a page unless the query says otherwise, and at most. */
export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 200;

const Limit = boundedInteger('limit', 1, MAX_PAGE);
const Cursor = boundedText('cursor', 1, 300);
const Watermark = boundedInteger('watermark', 0, Number.MAX_SAFE_INTEGER);

/**
 * Every query by its name on the wire. `minSeq` names the seq that the answer must have seen, so that a client reads its
 * own writes; `as` is for tokens with the scope `import`.
 */
export const queryCodecs = {
  'conversation.list': shape({}, { limit: Limit, after: Cursor }),
  'conversation.get': shape(
    { conversationId: ConversationId },
    { membersAfter: UserId, membersLimit: boundedInteger('membersLimit', 0, 1_000) },
  ),
  'message.list': shape(
    { conversationId: ConversationId },
    { limit: Limit, before: Cursor, after: Cursor, minSeq: Seq },
  ),
} as const;

export type QueryType = keyof typeof queryCodecs;
export type QueryOf<T extends QueryType> = t.TypeOf<(typeof queryCodecs)[T]>;

export const isQueryType = (name: string): name is QueryType => Object.hasOwn(queryCodecs, name);

/** One move of a user's watermarks in a conversation: the newest seq that reached a device, and the newest seen. */
export const ReceiptMark = shape(
  { conversationId: ConversationId },
  { delivered: Watermark, read: Watermark },
);
export type ReceiptMark = t.TypeOf<typeof ReceiptMark>;
