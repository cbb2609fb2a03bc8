import type { ConversationDetail, ConversationView, MessageView } from '@parley/domain/wire/views';
import type { RefusalError } from '../refusal-error.js';
import type { Store } from '../store.js';

/** A conversation in the list. `preview` is its newest message; `typing` are the others who type now. */
export type ConversationEntry = Omit<ConversationView, 'preview'> & {
  readonly preview: MessageView | null;
  readonly typing: readonly string[];
};

export type ConversationListSnapshot = {
  /** Newest activity first. */
  readonly conversations: readonly ConversationEntry[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly problem: RefusalError | undefined;
  /** Sum over the conversations that are loaded. */
  readonly unread: number;
};

/** My conversations, kept right by events and receipts, and after a break by `session.sync`. */
export type ConversationList = Store<ConversationListSnapshot> & {
  /** Loads the next page. Never rejects: see `problem`. */
  loadMore(): Promise<void>;
  /** One conversation, also where it is not loaded yet (then it is). */
  find(conversationId: string): ConversationEntry | undefined;
};

/** Members, roles, title and TTL of one conversation, and how far its members have read; undefined until they are there. */
export type Details = Store<
  | (ConversationDetail & {
      /** Watermarks of the others, as far as they are known. */
      readonly watermarks: ReadonlyMap<string, { readonly delivered: number; readonly read: number }>;
    })
  | undefined
> & {
  loadMoreMembers(): Promise<void>;
  close(): void;
};
