import type { Caller } from '@parley/infra/rpc/protocol';
import type { WebSocket } from 'uwebsockets';
import type { Hub } from '../hub/hub.js';
import type { Used } from '../limits/limits.js';
import type { Person } from '../people.js';
import type { Said } from '../presence/said.js';
import type { Watch } from '../presence/watch.js';
import type { TypingState } from '../typing/typing-state.js';
import type { Place } from '../voice/held-calls.js';
import type { SessionState } from './session-state.js';

/** The library copies a socket's data property by property and drops its prototype, so a session is held, not given. */
export type UserData = { readonly session: Session };
export type Socket = WebSocket<UserData>;

/** Bytes that may wait for a reader; beyond, the connection is closed with `SlowReader`. */
export const MAX_BUFFERED = 1024 * 1024;

/**
 * What is kept per connection. There may be 20,000 of them: no closures, no timers, and what few need is made when it is
 * needed. A live conversation costs a session nothing but its subscription.
 */
export class Session {
  /** Undefined before the handshake ends and after the connection is gone: uWebSockets.js throws when it is used then. */
  socket: Socket | undefined;
  person: Person | undefined;
  caller: Caller | undefined;
  /** Requests that wait for their answers. */
  inFlight = 0;
  catchUp: CatchUp | undefined;
  /** Conversations this session could not be let into when it opened; undefined for nearly all. */
  late: Set<string> | undefined;
  /** What this connection has used of its limits; undefined before its first request. */
  used: Used | undefined;
  /** What this device has said of its user. */
  said: Said;
  watch: Watch | undefined;
  typing: Map<Hub, TypingState> | undefined;
  /** The calls it is in, by their conversations; undefined for nearly all. */
  places: Map<string, Place> | undefined;

  constructor(
    public state: SessionState,
    /** By which name refused tokens count against where it comes from; undefined once it is open. */
    public address: string | undefined,
  ) {}

  get isOpen(): boolean {
    return this.state.tag === 'open';
  }
}

/** Conversations whose past a session is being sent; bounded by its number of conversations. */
export type CatchUp = {
  readonly queue: Hub[];
  /** Takes pages that have come and not been looked at. */
  readonly arrived: (() => void)[];
  /** Events asked for. */
  inFlight: number;
};
