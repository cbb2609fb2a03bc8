import type { Gone } from '@parley/domain/account/state';
import type { RefusalTag } from '@parley/domain/conversation/refusals';
import type { CloseTag } from '@parley/domain/wire/close-codes';

/** Milliseconds a connection has to present its token. */
export const OPEN_WITHIN_MS = 5_000;

/** Milliseconds a full buffer has to drain, so that the close code can follow what it holds; then the line is cut. */
export const DRAIN_WITHIN_MS = 10_000;

/** Milliseconds before its end that a token's end is announced; a tenth of the token's remaining life where that is shorter. */
export const WARN_BEFORE_MS = 60_000;

/**
 * The life of one connection. Times are ms since 1970 UTC; `until` is when patience ends.
 *
 *     awaiting ──open──> opening ──opened──> open ──> closing ──> closed
 *        ^─────unable───────┘
 */
export type SessionState =
  | { readonly tag: 'awaiting'; readonly until: number }
  /** The token is being checked, then conversations are joined; `expiresAt` is known from the check on. */
  | { readonly tag: 'opening'; readonly expiresAt: number | undefined }
  /** At `warnAt` the client is told that the token ends; never, once it was told. */
  | { readonly tag: 'open'; readonly expiresAt: number; readonly warnAt: number }
  /** A close code is to be sent as soon as the buffer has room for it. Nothing else is sent any more. */
  | { readonly tag: 'closing'; readonly why: CloseTag; readonly until: number }
  | { readonly tag: 'closed' };

export type SessionInput =
  /** The request `session.open` came. */
  | { readonly tag: 'open' }
  /** Any other request came. */
  | { readonly tag: 'request' }
  /** The token is good until `expiresAt`. */
  | { readonly tag: 'verified'; readonly expiresAt: number }
  /** A new token of the same user and device was given, good until `expiresAt`. */
  | { readonly tag: 'renewed'; readonly expiresAt: number }
  /** Every conversation is live or catching up. */
  | { readonly tag: 'opened' }
  /** The session cannot be opened so, but perhaps otherwise or later: the client may ask again. */
  | { readonly tag: 'unable' }
  /** The token is not good. */
  | { readonly tag: 'refused'; readonly expired: boolean }
  /** The user revoked the device, or was erased. */
  | { readonly tag: 'revoked'; readonly as: Gone }
  /** The client broke the protocol. */
  | { readonly tag: 'broke'; readonly how: 'ProtocolError' | 'FrameTooLarge' }
  /** Something for this connection did not fit into its buffer, so nothing later may reach it. */
  | { readonly tag: 'overflowed' }
  /** Delivery to this connection cannot go on. */
  | { readonly tag: 'lost' }
  /** The gateway stops. */
  | { readonly tag: 'stopping' }
  /** Time has passed. */
  | { readonly tag: 'tick' }
  /** The connection is gone. */
  | { readonly tag: 'gone' };

export type SessionEffect =
  /** Check the token and join the conversations. */
  | { readonly tag: 'begin' }
  /** Pass the request on. */
  | { readonly tag: 'ask' }
  /** Answer that the session is open, then start delivery. */
  | { readonly tag: 'start' }
  /** Tell the client that its token ends in `inMs`. */
  | { readonly tag: 'warn'; readonly expiresAt: number; readonly inMs: number }
  | { readonly tag: 'refuse'; readonly refusal: RefusalTag }
  /** Leave every conversation, then send the close code once there is room; `refusal` is answered before. */
  | { readonly tag: 'close'; readonly why: CloseTag; readonly refusal?: RefusalTag }
  /** End the connection without a word. */
  | { readonly tag: 'cut' }
  /** Leave every conversation and forget the connection. */
  | { readonly tag: 'forget' };

export type SessionStep = { readonly state: SessionState; readonly effect?: SessionEffect };

/** When the patience of a state ends and a `tick` changes something, in ms since 1970 UTC. */
export function endOfPatience(state: SessionState): number {
  switch (state.tag) {
    case 'awaiting':
    case 'closing':
      return state.until;
    case 'opening':
      return state.expiresAt ?? Number.POSITIVE_INFINITY;
    case 'open':
      return Math.min(state.warnAt, state.expiresAt);
    case 'closed':
      return Number.POSITIVE_INFINITY;
    default:
      return state satisfies never;
  }
}

export const awaiting = (now: number): SessionState => ({ tag: 'awaiting', until: now + OPEN_WITHIN_MS });

/** The whole life of a session, as a table of states and inputs. Pure; `now` in ms since 1970 UTC. */
export function stepSession(state: SessionState, input: SessionInput, now: number): SessionStep {
  if (state.tag === 'closed') return { state };
  if (input.tag === 'gone') return { state: { tag: 'closed' }, effect: { tag: 'forget' } };
  if (state.tag === 'closing') return now >= state.until ? { state, effect: { tag: 'cut' } } : { state };
  switch (input.tag) {
    case 'open':
      return state.tag === 'awaiting'
        ? { state: { tag: 'opening', expiresAt: undefined }, effect: { tag: 'begin' } }
        : refuse(state, 'SessionAlreadyOpen');
    case 'request':
      if (state.tag !== 'open') return refuse(state, 'NotAuthenticated');
      return now >= state.expiresAt
        ? close('TokenExpired', now, 'TokenExpired')
        : { state, effect: { tag: 'ask' } };
    case 'verified':
      if (state.tag !== 'opening') return { state };
      if (now >= input.expiresAt) return close('TokenExpired', now, 'TokenExpired');
      return { state: { tag: 'opening', expiresAt: input.expiresAt } };
    case 'opened':
      if (state.tag !== 'opening' || state.expiresAt === undefined) return { state };
      return { state: openUntil(state.expiresAt, now), effect: { tag: 'start' } };
    case 'renewed':
      if (state.tag !== 'open') return { state };
      return now >= input.expiresAt
        ? refuse(state, 'TokenExpired')
        : { state: openUntil(input.expiresAt, now) };
    case 'unable':
      return state.tag === 'opening'
        ? { state: awaiting(now), effect: { tag: 'refuse', refusal: 'Unavailable' } }
        : { state };
    case 'refused':
      if (state.tag !== 'opening') return { state };
      return input.expired
        ? close('TokenExpired', now, 'TokenExpired')
        : close('TokenRefused', now, 'NotAuthenticated');
    case 'revoked':
      // Who has not said which device they are is not meant.
      return state.tag === 'awaiting' ? { state } : close(input.as, now, input.as);
    case 'broke':
      return close(input.how, now);
    case 'overflowed':
      return close('SlowReader', now);
    case 'lost':
      return close('SessionLost', now);
    case 'stopping':
      return close('GoingAway', now);
    case 'tick':
      return patience(state, now);
    default:
      return input satisfies never;
  }
}

function patience(
  state: Extract<SessionState, { tag: 'awaiting' | 'opening' | 'open' }>,
  now: number,
): SessionStep {
  if (state.tag === 'awaiting') return now >= state.until ? close('OpenTimeout', now) : { state };
  if (state.expiresAt !== undefined && now >= state.expiresAt) return close('TokenExpired', now);
  if (state.tag !== 'open' || now < state.warnAt) return { state };
  const { expiresAt } = state;
  return {
    state: { ...state, warnAt: Number.POSITIVE_INFINITY },
    effect: { tag: 'warn', expiresAt, inMs: expiresAt - now },
  };
}

const openUntil = (expiresAt: number, now: number): SessionState => ({
  tag: 'open',
  expiresAt,
  warnAt: expiresAt - Math.min(WARN_BEFORE_MS, (expiresAt - now) / 10),
});

const refuse = (state: SessionState, refusal: RefusalTag): SessionStep => ({
  state,
  effect: { tag: 'refuse', refusal },
});

const close = (why: CloseTag, now: number, refusal?: RefusalTag): SessionStep => ({
  state: { tag: 'closing', why, until: now + DRAIN_WITHIN_MS },
  effect: refusal === undefined ? { tag: 'close', why } : { tag: 'close', why, refusal },
});
