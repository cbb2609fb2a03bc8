import type { Body } from '@parley/domain/conversation/body';
import type { ParamsOf, ResultOf } from '@parley/domain/wire/methods';
import type { PresenceView } from '@parley/domain/wire/presence';
import type { ReceiptMark } from '@parley/domain/wire/receipts';
import { assemble } from './assemble.js';
import type { Call, CallParams } from './calls.js';
import type { ClientEvents } from './client-events.js';
import type { ClientOptions, ConnectOptions } from './client-options.js';
import type { ConnectionState } from './connection-state.js';
import type { ConversationList, Details } from './conversations/conversation-list.js';
import type { Listeners } from './listeners.js';
import type { Store } from './store.js';
import type { Timeline, TimelineOptions } from './timeline/timeline.js';

export type { CallableName, CallParams } from './calls.js';
export type { ClientEvents } from './client-events.js';
export type { ClientOptions, ConnectOptions } from './client-options.js';

export type ParleyClient = {
  /** Empty until the token is there, where that comes from a function and nobody said whose it is. */
  readonly user: string;
  readonly device: string;
  readonly state: ConnectionState;
  readonly connection: Store<ConnectionState>;
  /** Commands that are not answered yet. */
  readonly unanswered: number;
  readonly unsent: Store<number>;
  /** My conversations. Loaded when it is first asked for. */
  readonly list: ConversationList;
  /** A conversation to render. Each call makes one of its own, to be closed by its owner. */
  timeline(conversationId: string, options?: TimelineOptions): Timeline;
  details(conversationId: string): Details;
  /** How a person is there: watched as long as somebody listens. `unknown` beyond 500 people at once. */
  presence(user: string): Store<PresenceView>;
  /** The others who type in this conversation now. */
  typing(conversationId: string): Store<readonly string[]>;
  /**
   * Calls a method. A command goes through the outbox: it waits while there is no connection, is sent again under its id
   * after a break or a retryable refusal, and keeps its order within its conversation; so the promise settles once.
   * Queries and receipts are tried once, when the session is open.
   *
   * @throws RefusalError
   */
  readonly call: Call;
  /**
   * Asks once, when the session is open, what `call` has no codec for: neither the parameters nor the answer are looked at.
   *
   * @throws RefusalError
   */
  ask(method: string, params: unknown): Promise<unknown>;
  /** Sends a text, or a body of any kind. */
  send(conversationId: string, message: Message): Promise<ResultOf<'message.send'>>;
  /** A page of messages, oldest first; the newest page without a cursor. */
  messages(
    conversationId: string,
    page?: Omit<ParamsOf<'message.list'>, 'conversationId'>,
  ): Promise<ResultOf<'message.list'>>;
  conversations(page?: ParamsOf<'conversation.list'>): Promise<ResultOf<'conversation.list'>>;
  /** Life in seconds of messages sent from now on (5 to 31,536,000), or null for none. */
  setTtl(conversationId: string, ttl: number | null): Promise<ResultOf<'conversation.setTtl'>>;
  /** When the conversation ends and is erased, in ms since 1970 UTC by the server's clock (5 s ahead at least), or null for never. */
  setExpiry(conversationId: string, expiresAt: number | null): Promise<ResultOf<'conversation.setExpiry'>>;
  /** Erases the conversation, for everyone and for good; for its owners. */
  erase(conversationId: string): Promise<ResultOf<'conversation.erase'>>;
  pin(conversationId: string, seq: number): Promise<ResultOf<'message.pin'>>;
  unpin(conversationId: string, seq: number): Promise<ResultOf<'message.unpin'>>;
  /** The server's time in ms since 1970 UTC, as far as it is known: by it messages end, whatever this device's clock says. */
  now(): number;
  /** Calls back once the server's time is `at`, offline too; all who wait share one timer. The result ends the waiting. */
  onEnd(at: number, act: () => void): () => void;
  /** Moves watermarks forward. */
  mark(...marks: readonly ReceiptMark[]): Promise<ResultOf<'receipt.mark'>>;
  /**
   * Handlers of what comes without being asked; those put on as soon as `connect` resolves miss nothing. Across a break nothing is missed or repeated in conversations whose
   * position is known: those in which an event was seen, those read by `messages` or `conversations`, and those in `resume`.
   */
  readonly on: Listeners<ClientEvents>['on'];
  /** Newest seq delivered to handlers. */
  position(conversationId: string): number | undefined;
  /**
   * Ends the connection. What the outbox holds stays in the storage; callers who still wait are refused as `Unavailable`. Resolves when
   * the storage is free for another client.
   */
  close(): Promise<void>;
  /** Ends the connection and forgets what is stored of this user. */
  signOut(): Promise<void>;
};

export type Message = ({ readonly text: string; readonly emote?: true } | { readonly body: Body }) &
  Omit<CallParams<'message.send'>, 'conversationId' | 'body'>;

/**
 * A client that is there at once: it connects in the background and stays connected, through breaks, until `close` is
 * called or the server says stop (`connection` says so). Without a connection its stores show what is known and its outbox waits.
 */
export const createClient = (options: ClientOptions): ParleyClient => assemble(options).client;

/**
 * Connects to Parley: a client whose first session is open.
 *
 * @throws RefusalError when no session is open within `connectMs`, or the token is refused
 */
export async function connect(options: ConnectOptions): Promise<ParleyClient> {
  const { connectMs = 15_000, connectTries } = options;
  const { client, opened, release } = assemble(options, true);
  let dials = 0;
  const off = client.on('state', ({ tag }) => {
    if (tag === 'opening') dials = 0;
    if (tag === 'waiting' && ++dials === connectTries) void client.close();
  });
  try {
    await opened(connectMs);
  } catch (error) {
    void client.close();
    throw error;
  } finally {
    off();
  }
  setTimeout(release);
  return client;
}
