import { describe, expect, it } from 'vitest';
import {
  decideRestart,
  type Ending,
  MAX_FAILURES,
  neverFailed,
  type RestartState,
  STEADY_MS,
} from './restart-policy.js';

const crash: Ending = { ranMs: 10, code: 1 };
const killed: Ending = { ranMs: 10, code: null };

describe('the restart of a service', () => {
  it('comes soon at first, and later each time it ends again', () => {
    const waits: number[] = [];
    let state: RestartState = neverFailed;
    for (
      let decision = decideRestart(state, killed);
      decision.tag === 'restart';
      decision = decideRestart(state, crash)
    ) {
      waits.push(decision.afterMs);
      state = decision.state;
    }
    expect(waits.slice(0, 7)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(waits.length).toBe(MAX_FAILURES - 1);
  });

  it('is given up after so many ends in a row', () => {
    expect(decideRestart({ failures: MAX_FAILURES - 1 }, crash)).toMatchObject({ tag: 'giveUp' });
  });

  it('forgets what was before a steady run', () => {
    const decision = decideRestart({ failures: MAX_FAILURES - 1 }, { ranMs: STEADY_MS, code: null });
    expect(decision).toEqual({ tag: 'restart', afterMs: 250, state: { failures: 1 } });
  });

  it('is not tried when the configuration is not usable', () => {
    expect(decideRestart(neverFailed, { ranMs: 10, code: 78 })).toMatchObject({ tag: 'giveUp' });
  });
});
