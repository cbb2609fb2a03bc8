import type { Kind, Role, Ttl } from '@parley/domain/conversation/vocabulary';

/** What a batch of events changes in the rows of one conversation; the order of the batch is folded away. */
export type ConversationChanges = {
  readonly conversationId: string;
  /** Set when the conversation began in this batch. */
  kind?: Kind;
  /** Set when it changed: the newest. */
  title?: string;
  ttl?: Ttl;
  closed?: true;
  revision: number;
  /** Stream sequence of the newest event. */
  changed: number;
  /** Ordinal of the newest message of the batch; 0 without one. */
  messages: number;
  lastActivityAt: number;
  readonly members: Map<string, MemberChange>;
  /**
   * Hashes banned at some point of the batch, and the stream sequence of the first time: whoever was a member before it under
   * one of them is none now.
   */
  readonly banned: Map<string, number>;
  /** Whether a hash is banned at the end of the batch. */
  readonly bans: Map<string, boolean>;
  readonly sent: Map<number, SentMessage>;
  /** What is left of messages that were taken out of the log. */
  readonly erased: ErasedMessage[];
  /** Of messages that were sent before this batch. */
  readonly amended: Map<number, Amendment>;
  readonly expired: ExpiredRange[];
  readonly reactions: Map<string, ReactionChange>;
};

/**
 * Where a member stands at the end of the batch; `role` alone where they were one before it, if they were. `at` is the stream
 * sequence by which they went.
 */
export type MemberChange =
  | { readonly tag: 'present'; readonly role: Role; readonly since: number; readonly banHash: string }
  | { readonly tag: 'absent'; readonly at: number }
  | { readonly tag: 'role'; readonly role: Role };

export type SentMessage = {
  readonly seq: number;
  readonly ordinal: number;
  readonly author: string;
  readonly at: number;
  readonly sentAt: number | null;
  readonly replyTo: number | null;
  readonly expiresAt: number | null;
  editedAt: number | null;
  deletedAt: number | null;
  expired: boolean;
  body: string | null;
};

/**
 * A message as it would stand, had its events been there: its row at that moment, without one where its author was erased too, and
 * where in the stream the row and its edits come from. Only what was never seen is made of it.
 */
export type ErasedMessage = {
  readonly seq: number;
  readonly sent: { readonly streamSeq: number; readonly row: SentMessage } | undefined;
  readonly edits: readonly number[];
  readonly editedAt: number | null;
};

export type Amendment = { body: string | null; editedAt: number | null; deletedAt: number | null };

export type ExpiredRange = { readonly from: number; readonly to: number };

export type ReactionChange = {
  readonly seq: number;
  readonly emoji: string;
  readonly user: string;
  readonly present: boolean;
};

/** Changes per conversation, in the order in which conversations were first touched. */
export type TimelineChanges = ReadonlyMap<string, ConversationChanges>;
