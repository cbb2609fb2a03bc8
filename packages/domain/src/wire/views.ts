import * as t from 'io-ts';
import { Body } from '../conversation/body.js';
import { Kind, Role, Ttl } from '../conversation/vocabulary.js';
import { shape } from '../shape.js';

/**
 * Why a body that is there is not shown: `locked`, its key cannot be read now, ask again; `gone`, its key was destroyed and
 * nobody will ever read it.
 */
export const Sealed = t.keyof({ locked: null, gone: null }, 'locked or gone');
export type Sealed = t.TypeOf<typeof Sealed>;

/**
 * A message as its readers get it. `body` is null once it is deleted, and while it is `sealed`. `replies` are those that are shown, left out
 * where there are none. Times are ms since 1970 UTC.
 */
export const MessageView = shape(
  {
    seq: t.number,
    ordinal: t.number,
    author: t.string,
    at: t.number,
    body: t.union([Body, t.null], 'a body, or null'),
  },
  {
    sentAt: t.number,
    replyTo: t.number,
    expiresAt: t.number,
    editedAt: t.number,
    deletedAt: t.number,
    sealed: Sealed,
    reactions: t.readonlyArray(shape({ emoji: t.string, count: t.number, mine: t.boolean })),
    replies: t.number,
  },
);
export type MessageView = t.TypeOf<typeof MessageView>;

/**
 * A page of messages, oldest first. `nextCursor` goes on in the direction of the query; a page around a message goes on to newer
 * ones by it, and to older ones, where there are some, with `previousCursor` as `before`. `revision` is the seq of the newest event
 * the page has seen: whoever follows events applies those after it, and no others.
 */
export const MessagePage = shape(
  { messages: t.readonlyArray(MessageView), hasMore: t.boolean, revision: t.number },
  { nextCursor: t.string, previousCursor: t.string },
);
export type MessagePage = t.TypeOf<typeof MessagePage>;

/** Nothing of the conversation expires or is erased since then, in ms; why, and who asked for it. */
export const HoldView = shape({ reason: t.string, since: t.number, by: t.string });

/** What every view of a conversation may have: its title, or why that is not shown, when it ends, and the hold it is on. */
const perhaps = { title: t.string, sealed: Sealed, expiresAt: t.number, hold: HoldView };

/** What every view of a conversation has; `role` is the reader's, `revision` the seq of the newest event seen. */
const outline = {
  conversationId: t.string,
  kind: Kind,
  role: Role,
  ttl: Ttl,
  closed: t.boolean,
  memberCount: t.number,
  revision: t.number,
};

/** A conversation in its reader's list. `read` and `delivered` are the reader's own watermarks; `unread` is exact. */
export const ConversationView = shape(
  {
    ...outline,
    lastActivityAt: t.number,
    unread: t.number,
    read: t.number,
    delivered: t.number,
    preview: t.union([MessageView, t.null], 'a message, or null'),
  },
  perhaps,
);
export type ConversationView = t.TypeOf<typeof ConversationView>;

export const ConversationPage = shape(
  { conversations: t.readonlyArray(ConversationView), hasMore: t.boolean },
  { nextCursor: t.string },
);
export type ConversationPage = t.TypeOf<typeof ConversationPage>;

/**
 * The moment a conversation is shown at: after the event `seq`, of which `head` is the newest by now, and at the time `at` in ms. Its messages as
 * they were shown then, oldest first; of what is gone by now, or past its life, `body` is null and `sealed` gone. `incomplete` says that
 * the log lacks events of before, or has some that cannot be read.
 */
export const PastView = shape({
  seq: t.number,
  at: t.number,
  head: t.number,
  messages: t.readonlyArray(MessageView),
  hasMoreMessages: t.boolean,
  incomplete: t.boolean,
});
export type PastView = t.TypeOf<typeof PastView>;

/**
 * A conversation as its members see it now, folded from the log; members in order of their ids, with their watermarks where
 * the read model can be asked for them. `behind` is how many events and receipts it still had not, 1 where it could not be asked: ask again, watermarks may have
 * moved. `pins` are the seqs of pinned messages that are still there.
 *
 * With `past` all of it is as it was then, but for `role`, which is what the reader is now. Members then have `unread`; where `exact` is false,
 * receipts of that time are forgotten, and it was that much at least.
 */
export const ConversationDetail = shape(
  {
    ...outline,
    members: t.readonlyArray(
      shape(
        { user: t.string, role: Role, since: t.number },
        { delivered: t.number, read: t.number, unread: t.number, exact: t.boolean },
      ),
    ),
    hasMoreMembers: t.boolean,
  },
  {
    ...perhaps,
    pins: t.readonlyArray(t.number),
    producers: t.record(t.string, t.number),
    behind: t.number,
    past: PastView,
  },
);
export type ConversationDetail = t.TypeOf<typeof ConversationDetail>;

/** The answer to a command. */
export const AnswerView = shape(
  { conversationId: t.string, seq: t.number, at: t.number },
  { repeated: t.literal(true) },
);
