/** Milliseconds between two questions to a node whether it is there. */
export const PROBE_MS = 250;

/**
 * Questions in a row without an answer after which a node is taken for dead: a second. They are counted instead of timed, so that a gateway that stood still itself asks
 * once more before it judges anybody.
 */
export const MAX_UNANSWERED = 4;

/** Ticks for which a dead node is remembered that nobody here is on any more: the beats of Redis take 2.5 s to forget it. */
export const REMEMBERED_TICKS = 20;

/** What a gateway believes of a node that carries calls of participants here. */
export type ProbeState =
  | { readonly tag: 'alive'; readonly unanswered: number }
  /** Nobody is sent there. `ticks` since it died. */
  | { readonly tag: 'dead'; readonly ticks: number };

export type ProbeInput =
  /** A quarter of a second has passed; `used`: somebody here is on it. */
  | { readonly tag: 'tick'; readonly used: boolean }
  | { readonly tag: 'answered' }
  /** The broker says that nobody listens for it any more. */
  | { readonly tag: 'nobody' }
  /** Somebody is sent there all the same, as there is no other. */
  | { readonly tag: 'trusted' };

export type ProbeStep = {
  /** Undefined: it may be forgotten. */
  readonly state: ProbeState | undefined;
  /** `ask` it; `died`: move what it carries. */
  readonly effect?: 'ask' | 'died';
};

export const untried: ProbeState = { tag: 'alive', unanswered: 0 };

const died: ProbeStep = { state: { tag: 'dead', ticks: 0 }, effect: 'died' };

/** The table of states and inputs. Pure. */
export function stepProbe(state: ProbeState, input: ProbeInput): ProbeStep {
  switch (input.tag) {
    case 'answered':
    case 'trusted':
      return { state: untried };
    case 'nobody':
      return state.tag === 'alive' ? died : { state };
    case 'tick': {
      if (state.tag === 'dead') {
        const ticks = state.ticks + 1;
        return ticks > REMEMBERED_TICKS
          ? { state: undefined }
          : { state: { tag: 'dead', ticks }, effect: 'ask' };
      }
      if (!input.used) return { state: undefined };
      if (state.unanswered >= MAX_UNANSWERED) return died;
      return { state: { tag: 'alive', unanswered: state.unanswered + 1 }, effect: 'ask' };
    }
    default:
      return input satisfies never;
  }
}
