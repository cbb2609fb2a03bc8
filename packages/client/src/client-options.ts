import type { TokenSource } from './session.js';
import type { StorageFactory } from './storage/storage.js';
import type { WebSocketConstructor } from './web-socket.js';

export type ClientOptions = {
  /** Address of a gateway's socket: `ws://host:port/v1/ws`. */
  readonly url: string;
  /** A token, or what gets one: it is asked before every dial and before a token ends, so it can renew what has expired. */
  readonly token: TokenSource;
  readonly device: string;
  /** Whose token it is. Read from the token where that is given as text; else needed to show what is stored before the token is there. */
  readonly user?: string;
  /** Where unsent commands and the list are kept; in memory unless given, so they end with the page. */
  readonly storage?: StorageFactory;
  /** For where there is no global WebSocket (Node 20). */
  readonly webSocket?: WebSocketConstructor;
  /** Seqs up to which the caller has everything: what came after is replayed before anything live. */
  readonly resume?: Readonly<Record<string, number>>;
  /** Milliseconds until an answer counts as missing; 15,000 unless given. */
  readonly answerMs?: number;
  /** Commands the outbox holds at most; 10,000 unless given. */
  readonly maxOutbox?: number;
  /** Commands of all conversations in flight at most (one per conversation); 256 unless given. */
  readonly maxInFlight?: number;
};

export type ConnectOptions = ClientOptions & {
  /** Milliseconds until the first session has to be open; 15,000 unless given. */
  readonly connectMs?: number;
  /** Dials that may find nobody before the first session, for those who would rather know; as many as fit unless given. */
  readonly connectTries?: number;
};
