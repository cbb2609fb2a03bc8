import * as t from 'io-ts';
import { ConversationId, Seq, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { boundedArray, boundedInteger } from '../text.js';

const Watermark = boundedInteger('watermark', 0, Number.MAX_SAFE_INTEGER);

/** One move of a user's watermarks in a conversation: the newest seq that reached a device, and the newest seen. */
export const ReceiptMark = shape(
  { conversationId: ConversationId },
  { delivered: Watermark, read: Watermark },
);
export type ReceiptMark = t.TypeOf<typeof ReceiptMark>;

export const ReceiptMarks = shape({ marks: boundedArray('marks', ReceiptMark, 1, 500) });

const reached = { user: t.string, delivered: t.number, read: t.number, at: t.number };
const counted = { unread: t.number, revision: t.number };

/**
 * Where a user's watermarks are in one conversation: never behind where they were. `unread` is how many messages that user
 * has not read, counted when the conversation's newest event was `revision`; both are missing where that cannot be told.
 */
export const MemberWatermarks = shape(reached, counted);

/** The same after a mark, with the conversation it is of. */
export const Watermarks = shape({ conversationId: t.string, ...reached }, counted);
export type Watermarks = t.TypeOf<typeof Watermarks>;

/**
 * A move as the log keeps it, with the time 0 where all it told of is long gone: also how many members the conversation had then,
 * which says whom it is told.
 */
export const LoggedReceipt = shape(
  { conversationId: t.string, ...reached },
  { ...counted, members: t.number },
);
export type LoggedReceipt = t.TypeOf<typeof LoggedReceipt>;

/**
 * Members up to which a conversation's receipts are told to all of them. In larger ones all are told of the few who are
 * furthest, the rest to their own user's devices alone: what is told would grow with members squared.
 */
export const MAX_TOLD_RECEIPTS = 100;

/** Why a mark of a batch did not move anything, while others of it did. */
export const RefusedMark = shape({
  conversationId: t.string,
  tag: t.string,
  message: t.string,
  retryable: t.boolean,
});

/** Most people on one page of a message's receipts. */
export const MAX_RECIPIENTS = 500;

/** Who received and read a message, in order of their ids; `after` is the last of the page before. */
export const MessageInfoQuery = shape(
  { conversationId: ConversationId, seq: Seq },
  { after: UserId, limit: boundedInteger('limit', 1, MAX_RECIPIENTS) },
);

/**
 * Everyone the message was for, its author left out: a time in ms since 1970 UTC, or none where it has not happened. `received` and
 * `read` count all of them, not this page alone.
 */
export const MessageInfo = shape({
  conversationId: t.string,
  seq: t.number,
  recipients: t.readonlyArray(shape({ user: t.string }, { deliveredAt: t.number, readAt: t.number })),
  members: t.number,
  received: t.number,
  read: t.number,
  hasMore: t.boolean,
});
export type MessageInfo = t.TypeOf<typeof MessageInfo>;
