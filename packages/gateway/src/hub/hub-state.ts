/** Events that may wait behind a gap; of more, the newest are kept and the others fetched. */
export const MAX_AHEAD = 256;

/** Widest gap that is fetched; beyond it everyone is told to read the conversation anew. */
export const MAX_GAP = 1_000;

/** Times in a row that a page may bring nothing new; then what is missing is given up. */
export const MAX_FAILURES = 5;

/** What the hub needs to know of an event. */
export type Numbered = { readonly seq: number };

/**
 * One conversation as it is delivered here. `seq` is the newest event that was delivered; `ahead` are events that came
 * before those they follow, a run without a gap; `target` is the newest event known to be there.
 */
export type HubState<E extends Numbered> =
  /** Interest is declared; which event is the newest is being asked. */
  | { readonly tag: 'starting'; readonly ahead: readonly E[] }
  | { readonly tag: 'live'; readonly seq: number }
  /** Events are missing and have been asked for. */
  | {
      readonly tag: 'fetching';
      readonly seq: number;
      readonly ahead: readonly E[];
      readonly target: number;
      readonly failures: number;
    };

export type HubInput<E extends Numbered> =
  /** An event came by itself. May come twice. */
  | { readonly tag: 'event'; readonly event: E }
  /** The log's newest event is `seq`. */
  | { readonly tag: 'head'; readonly seq: number }
  /** Events after `seq`, as asked for, in order. */
  | { readonly tag: 'page'; readonly events: readonly E[] }
  /** What was asked for did not come. */
  | { readonly tag: 'failed' };

export type HubStep<E extends Numbered> = {
  readonly state: HubState<E>;
  /** To be delivered now, in this order. */
  readonly deliver: readonly E[];
  /**
   * `fetch` what follows `seq`; `retry` the same after a pause; `restart`: ask for the newest event again, and tell everyone
   * that events are left out.
   */
  readonly effect?: 'fetch' | 'retry' | 'restart';
};

export const starting: HubState<never> = { tag: 'starting', ahead: [] };

/** What becomes of a conversation's delivery. Pure: delivered seqs only ever rise, whatever comes and in whatever order. */
export function stepHub<E extends Numbered>(state: HubState<E>, input: HubInput<E>): HubStep<E> {
  switch (input.tag) {
    case 'event':
      return onEvent(state, input.event);
    case 'head':
      return onHead(state, input.seq);
    case 'page':
      return onPage(state, input.events);
    case 'failed':
      return onFailure(state);
    default:
      return input satisfies never;
  }
}

function onEvent<E extends Numbered>(state: HubState<E>, event: E): HubStep<E> {
  switch (state.tag) {
    case 'starting':
      return { state: { tag: 'starting', ahead: append(state.ahead, event) }, deliver: [] };
    case 'live':
      if (event.seq <= state.seq) return { state, deliver: [] };
      if (event.seq === state.seq + 1) return { state: { tag: 'live', seq: event.seq }, deliver: [event] };
      return settle(state.seq, [event], event.seq, []);
    case 'fetching': {
      const ahead = event.seq <= state.seq ? state.ahead : append(state.ahead, event);
      return { state: { ...state, ahead, target: Math.max(state.target, event.seq) }, deliver: [] };
    }
    default:
      return state satisfies never;
  }
}

function onHead<E extends Numbered>(state: HubState<E>, seq: number): HubStep<E> {
  switch (state.tag) {
    case 'starting':
      return settle(seq, state.ahead, seq, []);
    case 'live':
      return seq > state.seq ? settle(state.seq, [], seq, []) : { state, deliver: [] };
    case 'fetching':
      return { state: { ...state, target: Math.max(state.target, seq) }, deliver: [] };
    default:
      return state satisfies never;
  }
}

function onPage<E extends Numbered>(state: HubState<E>, events: readonly E[]): HubStep<E> {
  if (state.tag !== 'fetching') return { state, deliver: [] };
  const fresh = rising(events, state.seq);
  const seq = fresh.at(-1)?.seq;
  if (seq === undefined) return onFailure(state);
  return settle(seq, state.ahead, state.target, fresh);
}

/** While starting there is nothing to give up: without knowing the newest event nothing can be delivered. */
function onFailure<E extends Numbered>(state: HubState<E>): HubStep<E> {
  if (state.tag === 'live') return { state, deliver: [] };
  if (state.tag === 'starting') return { state, deliver: [], effect: 'retry' };
  const failures = state.failures + 1;
  if (failures < MAX_FAILURES) return { state: { ...state, failures }, deliver: [], effect: 'retry' };
  return { state: { tag: 'starting', ahead: state.ahead }, deliver: [], effect: 'restart' };
}

/** Where a hub is that delivered up to `seq`, with `ahead` waiting: live if these follow, else they must be fetched. */
function settle<E extends Numbered>(
  seq: number,
  ahead: readonly E[],
  target: number,
  deliver: readonly E[],
): HubStep<E> {
  const waiting = ahead.filter((event) => event.seq > seq);
  const follows = waiting[0]?.seq === seq + 1;
  const reached = follows ? (waiting.at(-1) as E).seq : seq;
  const delivered = follows ? [...deliver, ...waiting] : deliver;
  const known = Math.max(target, waiting.at(-1)?.seq ?? 0);
  if (reached >= known) return { state: { tag: 'live', seq: reached }, deliver: delivered };
  const left = follows ? [] : waiting;
  if (known - reached > MAX_GAP)
    return { state: { tag: 'starting', ahead: left }, deliver: delivered, effect: 'restart' };
  return {
    state: { tag: 'fetching', seq: reached, ahead: left, target: known, failures: 0 },
    deliver: delivered,
    effect: 'fetch',
  };
}

/** A run without a gap that ends with `event`, bounded; an event that is in it already changes nothing. */
function append<E extends Numbered>(ahead: readonly E[], event: E): readonly E[] {
  const last = ahead.at(-1);
  if (last === undefined) return [event];
  if (event.seq <= last.seq) return ahead;
  if (event.seq !== last.seq + 1) return [event];
  return [...(ahead.length >= MAX_AHEAD ? ahead.slice(1) : ahead), event];
}

function rising<E extends Numbered>(events: readonly E[], after: number): readonly E[] {
  const fresh: E[] = [];
  for (const event of events) if (event.seq > (fresh.at(-1)?.seq ?? after)) fresh.push(event);
  return fresh;
}
