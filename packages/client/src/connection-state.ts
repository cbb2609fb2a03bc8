/** What a break asks for: the close codes' table says it. */
export type AfterBreak = 'resume' | 'renew' | 'stop';

/** `failures` counts the breaks since the connection last held for a while; the wait grows with it. */
export type ConnectionState =
  | { readonly tag: 'stopped'; readonly reason?: string }
  | { readonly tag: 'connecting'; readonly failures: number }
  | { readonly tag: 'opening'; readonly failures: number }
  | { readonly tag: 'open'; readonly failures: number }
  /** `retryAt`, in ms since 1970 UTC, is when it is tried again: the time has drawn lots, so the transition does not know it. */
  | { readonly tag: 'waiting'; readonly failures: number; readonly retryAt?: number };

export type ConnectionEvent =
  /** The user wants to be connected. */
  | { readonly tag: 'start' }
  | { readonly tag: 'stop' }
  /** The socket is there: time for session.open. */
  | { readonly tag: 'socketOpened' }
  | { readonly tag: 'sessionOpened' }
  /** The socket closed, session.open was refused, no token came, or a gap was seen. */
  | { readonly tag: 'broken'; readonly next: AfterBreak; readonly reason: string }
  /** The session held for a while. */
  | { readonly tag: 'settled' }
  | { readonly tag: 'waited' };

export type ConnectionEffect = 'dial' | 'openSession' | 'hangUp' | 'wait' | 'settle';

export type Transition = { readonly state: ConnectionState; readonly effects: readonly ConnectionEffect[] };

/**
 * The life of a connection, as values: what comes next, and what is to be done about it. An event that does not fit the
 * state changes nothing, because it is late: it belongs to a socket or a timer that is gone.
 */
export function transition(state: ConnectionState, event: ConnectionEvent): Transition {
  if (event.tag === 'stop') return stop(state);
  switch (state.tag) {
    case 'stopped':
      return event.tag === 'start' ? go({ tag: 'connecting', failures: 0 }, 'dial') : stay(state);
    case 'connecting':
      if (event.tag === 'socketOpened') return go({ ...state, tag: 'opening' }, 'openSession');
      return event.tag === 'broken' ? afterBreak(state, event) : stay(state);
    case 'opening':
      if (event.tag === 'sessionOpened') return go({ ...state, tag: 'open' }, 'settle');
      return event.tag === 'broken' ? afterBreak(state, event) : stay(state);
    case 'open':
      if (event.tag === 'settled') return go({ tag: 'open', failures: 0 });
      return event.tag === 'broken' ? afterBreak(state, event) : stay(state);
    case 'waiting':
      return event.tag === 'waited' ? go({ ...state, tag: 'connecting' }, 'dial') : stay(state);
    default:
      return state satisfies never;
  }
}

function stop(state: ConnectionState): Transition {
  if (state.tag === 'stopped') return stay(state);
  return state.tag === 'waiting' ? go({ tag: 'stopped' }) : go({ tag: 'stopped' }, 'hangUp');
}

/** A new token is fetched with every dial, so `renew` differs from `resume` only for those who have one token for good. */
function afterBreak(
  { failures }: { readonly failures: number },
  { next, reason }: Extract<ConnectionEvent, { tag: 'broken' }>,
): Transition {
  return next === 'stop'
    ? go({ tag: 'stopped', reason }, 'hangUp')
    : go({ tag: 'waiting', failures: failures + 1 }, 'hangUp', 'wait');
}

const go = (state: ConnectionState, ...effects: readonly ConnectionEffect[]): Transition => ({
  state,
  effects,
});
const stay = (state: ConnectionState): Transition => ({ state, effects: [] });
