import type { CallMedia } from '@parley/domain/call/call';
import type { Body } from '@parley/domain/conversation/body';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { MessageView } from '@parley/domain/wire/views';
import type { RefusalError } from '../refusal-error.js';
import type { Store } from '../store.js';

/**
 * How far a message has come. Mine: `pending` in the outbox, `failed` when it was refused for good, `sent` once it is in the
 * log, `delivered` and `read` when every other member's watermark (in large conversations: that of anyone) is there.
 * Those of others are always `sent`.
 */
export type Progress = 'pending' | 'failed' | 'sent' | 'delivered' | 'read';

export type TimelineOptions = {
  /** Messages of the log the window holds at most; 200 unless given. */
  readonly windowSize?: number;
  /** Messages asked for at once; 50 unless given. */
  readonly pageSize?: number;
};

/** One message to render. */
export type TimelineItem = {
  /** Stable from the moment a message is typed until it is gone. */
  readonly key: string;
  /** Undefined while it is not in the log. */
  readonly seq: number | undefined;
  readonly ordinal: number | undefined;
  readonly author: string;
  /** Milliseconds since 1970 UTC: the server's once it has answered. */
  readonly at: number;
  /** Null once it is deleted, and while it is `sealed`. */
  readonly body: Body | null;
  readonly isMine: boolean;
  readonly progress: Progress;
  /** Why it failed. */
  readonly refusal?: RefusalError;
} & Pick<MessageView, 'sentAt' | 'replyTo' | 'expiresAt' | 'editedAt' | 'deletedAt' | 'sealed' | 'reactions'>;

/** A call as it stands between messages. */
export type CallEntry = {
  /** Seq of the event that started it: its number, and where it stands. */
  readonly seq: number;
  readonly media: CallMedia;
  readonly by: string;
  readonly at: number;
  /** `missed`: it is over, and I was not in it. */
  readonly state: 'ongoing' | 'ended' | 'missed';
  /** Whether I was in it. */
  readonly joined: boolean;
  /** In ms since 1970 UTC; it lasted from `at` to this. */
  readonly endedAt?: number;
  /** How many people were in it, and the first of them; of very many, those who come later may not be counted until it is read anew. */
  readonly people: number;
  readonly users: readonly string[];
};

/**
 * A window of a conversation: at most `windowSize` messages in one run without holes, oldest first, those not in the log yet at
 * the end. What moves out of it on one side is let go of, so memory stays the same however far one scrolls.
 */
export type TimelineSnapshot = {
  readonly items: readonly TimelineItem[];
  /** Whether the first message of the conversation is in the window, and whether its newest is. */
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  readonly loading: 'nothing' | 'first' | 'older' | 'newer';
  /** Why the last loading failed; undefined once one succeeds. */
  readonly problem: RefusalError | undefined;
  /** My read watermark when the timeline was opened: where a line "new" belongs. */
  readonly openedAtRead: number;
  /** False once I am no member any more. */
  readonly isMember: boolean;
  readonly isClosed: boolean;
  /** It was erased, or its time is over: nothing of it is left but what of mine was not sent. */
  readonly isErased: boolean;
  /** What was changed about the conversation since the client is there, oldest first: lives, ends, holds and pins. */
  readonly notes: readonly LiveEvent[];
  /** Calls between the messages of the window, oldest first: read after them, and then kept right by events. */
  readonly calls: readonly CallEntry[];
};

/** One conversation as an application renders it: read from pages, kept right by events, with what is on its way out. */
export type Timeline = Store<TimelineSnapshot> & {
  readonly conversationId: string;
  /** Loads the page before or after the window. Never rejects: see `problem`. */
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  /** Moves the window to a message; to the newest without one. */
  jumpTo(seq?: number): Promise<void>;
  /** Shows the message at once and sends it once. `ttl` is its life in seconds, at most the conversation's. Returns its key. */
  send(message: { readonly body: Body; readonly replyTo?: number; readonly ttl?: number }): string;
  /** Sends a failed message again under a new id; or lets go of it. */
  retry(key: string): void;
  discard(key: string): void;
  /** Shown at once, taken back if refused. @throws RefusalError */
  edit(seq: number, body: Body): Promise<void>;
  remove(seq: number): Promise<void>;
  react(seq: number, emoji: string, remove?: boolean): Promise<void>;
  /** @throws RefusalError */
  pin(seq: number): Promise<void>;
  unpin(seq: number): Promise<void>;
  /** Everything up to `seq` was seen. Marks are gathered and sent together. */
  seen(seq: number): void;
  /** I am typing; said at most every few seconds, and taken back by sending. */
  typing(isTyping: boolean): void;
  /** No longer kept up. */
  close(): void;
};
