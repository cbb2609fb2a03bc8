import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeartInput, type HeartState, SETTLE_MS, STALE_MS, stepHeart } from './heart-state.js';

const beaten: HeartInput = { tag: 'beaten', isNew: false };
const beatenNew: HeartInput = { tag: 'beaten', isNew: true };
const missed: HeartInput = { tag: 'missed' };
const NOW = 1_000_000;

const starting: HeartState = { tag: 'starting' };
const away: HeartState = { tag: 'away' };
const fresh: HeartState = { tag: 'known', beatenAt: NOW - STALE_MS + 1 };
const stale: HeartState = { tag: 'known', beatenAt: NOW - STALE_MS };
const early: HeartState = { tag: 'settling', until: NOW + 1 };
const settled: HeartState = { tag: 'settling', until: NOW };
const known: HeartState = { tag: 'known', beatenAt: NOW };
const settling: HeartState = { tag: 'settling', until: NOW + SETTLE_MS };

describe('what a gateway knows of presence', () => {
  it.each<[string, HeartState, string, HeartInput, HeartState, readonly string[]]>([
    ['starting', starting, 'beaten', beatenNew, known, ['putAll', 'lookAtAll']],
    ['starting', starting, 'missed', missed, away, ['rename']],
    ['known', fresh, 'beaten', beaten, known, []],
    ['known', fresh, 'beaten as new', beatenNew, settling, ['putAll', 'unknown']],
    ['known', fresh, 'missed', missed, fresh, []],
    ['known for long', stale, 'missed', missed, away, ['rename', 'unknown']],
    ['away', away, 'beaten', beaten, settling, ['putAll']],
    ['away', away, 'beaten as new', beatenNew, settling, ['putAll']],
    ['away', away, 'missed', missed, away, []],
    ['settling', early, 'beaten', beaten, early, []],
    ['settling', early, 'beaten as new', beatenNew, settling, ['putAll']],
    ['settling', early, 'missed', missed, away, ['rename']],
    ['settled', settled, 'beaten', beaten, known, ['lookAtAll']],
    ['settled', settled, 'missed', missed, away, ['rename']],
  ])('when %s and %s', (_, from, __, input, to, effects) => {
    expect(stepHeart(from, input, NOW)).toEqual({ state: to, effects });
  });

  it('is told only after everyone has had the time to put their people back', () => {
    const input = fc.constantFrom(beaten, beatenNew, missed);
    fc.assert(
      fc.property(fc.array(fc.tuple(input, fc.integer({ min: 1, max: 2_000 }))), (beats) => {
        let state: HeartState = starting;
        let now = NOW;
        let lostAt: number | undefined;
        for (const [each, ms] of beats) {
          now += ms;
          const before: string = state.tag;
          const step = stepHeart(state, each, now);
          state = step.state;
          if (before !== 'starting' && state.tag === 'settling' && step.effects.includes('putAll'))
            lostAt = now;
          if (before === 'settling' && state.tag === 'known')
            expect(now - (lostAt as number)).toBeGreaterThanOrEqual(SETTLE_MS);
          if (before === 'away') expect(state.tag).not.toBe('known');
        }
      }),
    );
  });
});
