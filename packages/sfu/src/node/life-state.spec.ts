import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LifeInput, type LifeState, stepLife } from './life-state.js';

const NOW = 1_000;
const ready: LifeState = { tag: 'ready' };
const draining: LifeState = { tag: 'draining', until: 2_000 };
const late: LifeState = { tag: 'draining', until: NOW };
const suspect: LifeState = { tag: 'suspect', check: 1, after: ready };
const leaving: LifeState = { tag: 'suspect', check: 1, after: { tag: 'draining', until: 2_000 } };
const states = {
  starting: { tag: 'starting' },
  ready,
  draining,
  late,
  suspect,
  leaving,
  gone: { tag: 'gone' },
} as const;
const inputs = {
  workers: { tag: 'workers' },
  noWorkers: { tag: 'noWorkers' },
  woke: { tag: 'woke' },
  checked: { tag: 'checked', check: 1 },
  stale: { tag: 'checked', check: 0 },
  drain: { tag: 'drain', until: 1_500 },
  emptied: { tag: 'emptied' },
  time: { tag: 'time' },
} as const;

/** What is not named stays as it is. */
const table: Record<keyof typeof states, Partial<Record<keyof typeof inputs, string>>> = {
  starting: { workers: 'ready [beat]', drain: 'gone [leave]' },
  ready: {
    noWorkers: 'starting [beat drop]',
    woke: 'suspect 1, then ready [check]',
    drain: 'draining until 1500 [beat move]',
  },
  draining: {
    woke: 'suspect 1, then draining until 2000 [check]',
    drain: 'draining until 1500 []',
    emptied: 'gone [leave]',
  },
  late: {
    woke: 'suspect 1, then draining until 1000 [check]',
    emptied: 'gone [leave]',
    time: 'gone [moveRest leave]',
  },
  suspect: {
    noWorkers: 'starting [beat drop]',
    woke: 'suspect 2, then ready [check]',
    checked: 'ready [beat]',
    drain: 'suspect 1, then draining until 1500 []',
  },
  leaving: {
    woke: 'suspect 2, then draining until 2000 [check]',
    checked: 'draining until 2000 [beat move]',
    drain: 'suspect 1, then draining until 1500 []',
  },
  gone: {},
};

describe('the life of a node', () => {
  for (const [from, state] of Object.entries(states)) {
    for (const [name, input] of Object.entries(inputs)) {
      const expected = table[from as keyof typeof states][name as keyof typeof inputs];
      it(`goes from ${from} by ${name} to ${expected ?? 'the same'}`, () => {
        const { state: next, effects } = stepLife(state, input, NOW);
        expect(`${inWords(next)} [${effects.join(' ')}]`).toBe(expected ?? `${inWords(state)} []`);
      });
    }
  }

  it('answers nothing between being frozen and having asked, whatever comes in whichever order', () => {
    const input: fc.Arbitrary<LifeInput> = fc.oneof(
      fc.constantFrom<LifeInput>(
        { tag: 'workers' },
        { tag: 'noWorkers' },
        { tag: 'woke' },
        { tag: 'emptied' },
        { tag: 'time' },
      ),
      fc.record({ tag: fc.constant('checked' as const), check: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ tag: fc.constant('drain' as const), until: fc.integer({ min: 0, max: 3_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (happened) => {
        let state: LifeState = { tag: 'ready' };
        let asking = 0;
        let asked = true;
        for (const each of happened) {
          const { state: next, effects } = stepLife(state, each, NOW);
          // Without a worker it carries nothing that could be elsewhere.
          if (state.tag !== 'gone' && state.tag !== 'starting' && each.tag === 'woke') asked = false;
          if (effects.includes('check')) asking = next.tag === 'suspect' ? next.check : asking;
          if (each.tag === 'checked' && each.check === asking) asked = true;
          if (effects.includes('drop')) asked = true;
          if (state.tag === 'gone') expect(next).toEqual(state);
          state = next;
          expect(asked || state.tag === 'suspect' || state.tag === 'gone').toBe(true);
        }
      }),
    );
  });
});

function inWords(state: LifeState): string {
  switch (state.tag) {
    case 'draining':
      return `draining until ${state.until}`;
    case 'suspect':
      return `suspect ${state.check}, then ${inWords(state.after)}`;
    default:
      return state.tag;
  }
}
