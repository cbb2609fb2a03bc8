/** Milliseconds between two heartbeats of a gateway. */
export const BEAT_MS = 1_000;

/** Milliseconds without an answered heartbeat after which nothing is known any more; one that is late is no reason. */
export const STALE_MS = 3_000;

/** Milliseconds in which all gateways have found a Redis that came back, perhaps empty, and put their people there again. */
export const SETTLE_MS = 4_000;

/** What a gateway knows of presence. Times are ms since 1970 UTC. */
export type HeartState =
  | { readonly tag: 'starting' }
  /** What Redis says is told. */
  | { readonly tag: 'known'; readonly beatenAt: number }
  /** Redis does not answer. */
  | { readonly tag: 'away' }
  /** It answers again, but others may not have put their people there yet. */
  | { readonly tag: 'settling'; readonly until: number };

export type HeartInput =
  /** The heartbeat was answered; `isNew` if this gateway did not count as alive before it. */
  { readonly tag: 'beaten'; readonly isNew: boolean } | { readonly tag: 'missed' };

export type HeartEffect =
  /** Put everyone who is here. */
  | 'putAll'
  /** Look again at everyone who is watched. */
  | 'lookAtAll'
  /** Tell that nothing is known. */
  | 'unknown'
  /** Go on under a new name: whoever left while Redis was away stays with the old one, and goes with it. */
  | 'rename';

export type HeartStep = { readonly state: HeartState; readonly effects: readonly HeartEffect[] };

/** The table of states and inputs. Pure; `now` in ms since 1970 UTC. */
export function stepHeart(state: HeartState, input: HeartInput, now: number): HeartStep {
  const isBeaten = input.tag === 'beaten';
  const settle: HeartState = { tag: 'settling', until: now + SETTLE_MS };
  switch (state.tag) {
    case 'starting':
      return isBeaten
        ? { state: { tag: 'known', beatenAt: now }, effects: ['putAll', 'lookAtAll'] }
        : { state: { tag: 'away' }, effects: ['rename'] };
    case 'known':
      if (!isBeaten)
        return now - state.beatenAt < STALE_MS
          ? { state, effects: [] }
          : { state: { tag: 'away' }, effects: ['rename', 'unknown'] };
      // It had not counted as alive: it was frozen, or Redis has lost everything.
      if (input.isNew) return { state: settle, effects: ['putAll', 'unknown'] };
      return { state: { tag: 'known', beatenAt: now }, effects: [] };
    case 'away':
      return isBeaten ? { state: settle, effects: ['putAll'] } : { state, effects: [] };
    case 'settling':
      if (!isBeaten) return { state: { tag: 'away' }, effects: ['rename'] };
      if (input.isNew) return { state: settle, effects: ['putAll'] };
      return now < state.until
        ? { state, effects: [] }
        : { state: { tag: 'known', beatenAt: now }, effects: ['lookAtAll'] };
    default:
      return state satisfies never;
  }
}
