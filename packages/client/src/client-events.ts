import type { LiveEvent } from '@parley/domain/wire/live';
import type { ConnectionState } from './connection-state.js';
import type { LiveNotices, RawNotice, Receipts } from './live-notices.js';

export type ClientEvents = {
  /** Once each, in the order of their seqs within a conversation. */
  readonly event: LiveEvent;
  readonly receipts: Receipts;
  readonly 'conversation.added': { readonly conversationId: string; readonly seq: number };
  /** Events of this conversation were missed that cannot be replayed: read it anew. `reason` is for logs. */
  readonly resync: LiveNotices['resync'];
  readonly typing: LiveNotices['typing'];
  readonly presence: LiveNotices['presence'];
  /** What is said of a call this client is in, unread. */
  readonly voice: RawNotice;
  readonly 'session.expiring': LiveNotices['session.expiring'];
  readonly state: ConnectionState;
  /** The storage failed, is full or in use: from now on nothing outlives this page. */
  readonly 'storage.lost': { readonly error: unknown };
};
