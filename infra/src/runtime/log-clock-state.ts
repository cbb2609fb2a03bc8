/**
 * Three clocks read at one moment, in ms: the broker's since 1970 UTC, known to within `error`; the own wall clock; and the
 * own monotonic one, from any beginning.
 */
export type Reading = {
  readonly broker: number;
  readonly error: number;
  readonly wall: number;
  readonly monotonic: number;
};

/** The log's time at a moment of the monotonic clock, known to within `error`; the wall clock shows `wallAhead` more. */
type Known = {
  readonly tag: 'known';
  readonly time: number;
  readonly error: number;
  readonly monotonic: number;
  readonly wallAhead: number;
  readonly apart: Apart | undefined;
};

export type ClockState = { readonly tag: 'unknown'; readonly apart: Apart | undefined } | Known;

/** A clock that is not believed, and how far ahead it is of what is believed, in ms; `own` is the monotonic one. */
export type Apart = { readonly clock: 'broker' | 'wall' | 'own'; readonly ahead: number };

/** Milliseconds that two clocks may differ by and still agree, beyond what is not known of the broker's. */
export const AGREES = 500;

/**
 * Milliseconds by which broker and own wall clock may differ at the start, when there is nothing to tell who is right: more
 * than a machine without time service gains in weeks. What they differ by then is no fault later.
 */
export const AGREES_AT_FIRST = 60_000;

/** The most by which a clock that goes wrong slowly takes time with it: a thousandth. Quartz is twenty times better. */
export const SLEW = 0.001;

export const unknown: ClockState = { tag: 'unknown', apart: undefined };

/**
 * The state after one more reading. The broker's time is followed, slowly, where it goes on as the monotonic clock does. Where it
 * leaps it is followed if the wall clock leaps with it; else time goes on by the monotonic clock. At first broker and wall
 * clock must agree.
 */
export function measure(state: ClockState, reading: Reading): ClockState {
  const { broker, error, wall, monotonic } = reading;
  if (state.tag === 'unknown') {
    const wallAhead = wall - broker;
    return Math.abs(wallAhead) > AGREES_AT_FIRST + error
      ? { tag: 'unknown', apart: { clock: 'wall', ahead: wallAhead } }
      : { tag: 'known', time: broker, error, monotonic, wallAhead, apart: undefined };
  }
  const own = continued(state, monotonic);
  const byWall = wall - state.wallAhead;
  const slew = SLEW * (monotonic - state.monotonic);
  const agrees = (one: number, other: number): boolean => Math.abs(one - other) <= AGREES + error;

  if (agrees(broker, own)) {
    const next = { ...state, ...followed(own, state.error + slew, broker, error), monotonic };
    const { time } = next;
    return agrees(byWall, time)
      ? { ...next, wallAhead: toward(state.wallAhead, wall - time, slew), apart: undefined }
      : { ...next, apart: { clock: 'wall', ahead: byWall - time } };
  }
  if (agrees(broker, byWall) && !agrees(own, byWall))
    return { ...state, time: broker, error, monotonic, apart: { clock: 'own', ahead: own - broker } };
  return { ...state, time: own, monotonic, apart: { clock: 'broker', ahead: broker - own } };
}

/** The log's time at a moment of the monotonic clock; undefined before the first measurement. */
export const timeAt = (state: ClockState, monotonic: number): number | undefined =>
  state.tag === 'known' ? continued(state, monotonic) : undefined;

/** Whether the wall clock has leapt since the last reading, or the monotonic one stood still: worth another at once. */
export const isDoubtful = (
  state: ClockState,
  { wall, monotonic }: Pick<Reading, 'wall' | 'monotonic'>,
): boolean =>
  state.tag === 'known' &&
  state.apart?.clock !== 'wall' &&
  Math.abs(wall - state.wallAhead - continued(state, monotonic)) > AGREES;

const continued = ({ time, monotonic: since }: Known, monotonic: number): number =>
  time + (monotonic - since);

/** What both say, each with its error; of what they do not both say, what is nearest to the broker's. */
function followed(own: number, most: number, broker: number, error: number): Pick<Known, 'time' | 'error'> {
  const least = toward(own, broker - error, most);
  const greatest = toward(own, broker + error, most);
  return { time: (least + greatest) / 2, error: (greatest - least) / 2 };
}

const within = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

const toward = (from: number, to: number, most: number): number => within(to, from - most, from + most);
