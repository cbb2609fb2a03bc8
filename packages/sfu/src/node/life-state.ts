/** What a node is doing with its life. Times are ms by its steady clock. */
export type LifeState =
  /** It has no worker yet, or none any more: it carries nothing. */
  | { readonly tag: 'starting' }
  | { readonly tag: 'ready' }
  /** It takes no calls, and gives away those it has until that time. */
  | { readonly tag: 'draining'; readonly until: number }
  /**
   * It was frozen for so long that others may have taken it for dead: what it carries may be elsewhere. It answers nothing until each of its calls was
   * asked about. `check` numbers that asking, because it may be frozen again before the answer.
   */
  | { readonly tag: 'suspect'; readonly check: number; readonly after: Awake }
  | { readonly tag: 'gone' };

type Awake = Extract<LifeState, { readonly tag: 'ready' | 'draining' }>;

export type LifeInput =
  /** Its workers run. */
  | { readonly tag: 'workers' }
  /** All have died, and none starts. */
  | { readonly tag: 'noWorkers' }
  /** It was frozen, or cut off, for so long that others may have taken it for dead. */
  | { readonly tag: 'woke' }
  /** All its calls were asked about, in the asking of that number. */
  | { readonly tag: 'checked'; readonly check: number }
  /** It is to go, by that time. */
  | { readonly tag: 'drain'; readonly until: number }
  /** Nobody is left whom it could give away. */
  | { readonly tag: 'emptied' }
  | { readonly tag: 'time' };

export type LifeEffect =
  /** Say at once what it is. */
  | 'beat'
  /** Ask about each call. */
  | 'check'
  /** Let go of each call: its people enter again, elsewhere if they can. */
  | 'drop'
  /** Give calls away, a few at a time. */
  | 'move'
  /** Give all that is left away at once, and wait for nobody. */
  | 'moveRest'
  /** Say that it is gone. */
  | 'leave';

export type LifeStep = { readonly state: LifeState; readonly effects: readonly LifeEffect[] };

/** The table of states and inputs. Pure; `now` in ms, by the same clock. */
export function stepLife(state: LifeState, input: LifeInput, now: number): LifeStep {
  switch (state.tag) {
    case 'starting':
      if (input.tag === 'workers') return { state: { tag: 'ready' }, effects: ['beat'] };
      return input.tag === 'drain' ? GONE : stay(state);
    case 'ready':
    case 'draining':
      return stepAwake(state, input, now);
    case 'suspect':
      return stepSuspect(state, input, now);
    case 'gone':
      return stay(state);
    default:
      return state satisfies never;
  }
}

function stepAwake(state: Awake, input: LifeInput, now: number): LifeStep {
  switch (input.tag) {
    case 'woke':
      return { state: { tag: 'suspect', check: 1, after: state }, effects: ['check'] };
    case 'drain':
      if (state.tag === 'ready')
        return { state: { tag: 'draining', until: input.until }, effects: ['beat', 'move'] };
      return stay({ ...state, until: Math.min(state.until, input.until) });
    case 'emptied':
      return state.tag === 'draining' ? GONE : stay(state);
    case 'time':
      return state.tag === 'draining' && now >= state.until ? LAST : stay(state);
    case 'noWorkers':
      return state.tag === 'ready' ? UNABLE : stay(state);
    case 'workers':
    case 'checked':
      return stay(state);
    default:
      return input satisfies never;
  }
}

function stepSuspect(
  state: Extract<LifeState, { readonly tag: 'suspect' }>,
  input: LifeInput,
  now: number,
): LifeStep {
  const { check, after } = state;
  switch (input.tag) {
    case 'woke':
      return { state: { ...state, check: check + 1 }, effects: ['check'] };
    case 'checked':
      if (input.check !== check) return stay(state);
      return { state: after, effects: after.tag === 'draining' ? ['beat', 'move'] : ['beat'] };
    case 'drain': {
      const until = after.tag === 'draining' ? Math.min(after.until, input.until) : input.until;
      return stay({ ...state, after: { tag: 'draining', until } });
    }
    case 'time':
      return after.tag === 'draining' && now >= after.until ? LAST : stay(state);
    case 'noWorkers':
      return after.tag === 'ready' ? UNABLE : stay(state);
    case 'workers':
    case 'emptied':
      return stay(state);
    default:
      return input satisfies never;
  }
}

const stay = (state: LifeState): LifeStep => ({ state, effects: [] });
const UNABLE: LifeStep = { state: { tag: 'starting' }, effects: ['beat', 'drop'] };
const GONE: LifeStep = { state: { tag: 'gone' }, effects: ['leave'] };
const LAST: LifeStep = { state: { tag: 'gone' }, effects: ['moveRest', 'leave'] };
