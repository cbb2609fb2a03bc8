import type { Ending, Kind, Role, Ttl } from '@parley/domain/conversation/vocabulary';
import type { CallEvent } from './fold-calls.js';

/**
 * What a step changes in the rows of one conversation; the order of its events is folded away, but for the erasure that it may
 * begin with: that is done to the rows before all else.
 */
export type ConversationChanges = {
  readonly conversationId: string;
  readonly step: number;
  erasure?: Erasure;
  /** Set when the conversation began in this batch. */
  kind?: Kind;
  /** Set when it changed: the newest. */
  title?: string;
  ttl?: Ttl;
  closed?: true;
  expiresAt?: Ending;
  hold?: HoldChange | null;
  revision: number;
  /** Stream sequence of the newest event. */
  changed: number;
  /** Whether the newest event is one of an import: of more to come, or the last. */
  imported?: 'incoming' | 'whole';
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
  readonly pins: Map<number, PinChange>;
  /** What may change a call, in the order of the log. */
  readonly calls: CallEvent[];
};

/**
 * The conversation is erased, or a person in it: it reaches rows of before, which the fold does not see. `at` is the event's time in
 * ms, `changed` its stream sequence.
 */
export type Erasure =
  | { readonly tag: 'conversation'; readonly at: number; readonly changed: number }
  | { readonly tag: 'person'; readonly user: string; readonly at: number };

export type HoldChange = { readonly reason: string; readonly since: number; readonly by: string };

/** `wasUnpinned`: a pin of before is none any more. */
export type PinChange = {
  readonly wasUnpinned: boolean;
  readonly pin: { readonly by: string; readonly at: number } | undefined;
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
 * A message as it would stand, had its events been there: its row at that moment, and where in the stream it was sent. Made only where
 * it was never seen. There is none where nothing but edits was taken out of the log.
 */
export type ErasedMessage = {
  readonly sent: readonly { readonly streamSeq: number; readonly row: SentMessage }[];
};

export type Amendment = { body: string | null; editedAt: number | null; deletedAt: number | null };

export type ExpiredRange = { readonly from: number; readonly to: number };

export type ReactionChange = {
  readonly seq: number;
  readonly emoji: string;
  readonly user: string;
  readonly present: boolean;
};

/**
 * What a batch changes, in steps to be written one after the other: a conversation is in each at most once, and a step of its own
 * begins with each of its erasures. A batch without one is one step.
 */
export type TimelineChanges = readonly (readonly ConversationChanges[])[];
