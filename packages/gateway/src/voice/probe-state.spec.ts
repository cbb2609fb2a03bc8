import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_UNANSWERED,
  type ProbeInput,
  type ProbeState,
  REMEMBERED_TICKS,
  stepProbe,
  untried,
} from './probe-state.js';

const tick: ProbeInput = { tag: 'tick', used: true };
const idle: ProbeInput = { tag: 'tick', used: false };
const answered: ProbeInput = { tag: 'answered' };
const nobody: ProbeInput = { tag: 'nobody' };
const trusted: ProbeInput = { tag: 'trusted' };
const waiting: ProbeState = { tag: 'alive', unanswered: MAX_UNANSWERED };
const dead: ProbeState = { tag: 'dead', ticks: 0 };
const buried: ProbeState = { tag: 'dead', ticks: REMEMBERED_TICKS };

describe('a node', () => {
  it.each([
    ['that is there', 'is asked', untried, tick, { state: { tag: 'alive', unanswered: 1 }, effect: 'ask' }],
    ['that answered', 'has everything to answer again', waiting, answered, { state: untried }],
    ['that was silent for a second', 'is dead', waiting, tick, { state: dead, effect: 'died' }],
    ['that nobody listens for', 'is dead at once', untried, nobody, { state: dead, effect: 'died' }],
    ['that nobody here is on', 'is forgotten', untried, idle, { state: undefined }],
    ['that is trusted', 'is there', waiting, trusted, { state: untried }],
    ['that is dead', 'is asked on', dead, tick, { state: { tag: 'dead', ticks: 1 }, effect: 'ask' }],
    [
      'that is dead and used by nobody',
      'is remembered',
      dead,
      idle,
      { state: { tag: 'dead', ticks: 1 }, effect: 'ask' },
    ],
    ['that is long dead', 'is forgotten', buried, idle, { state: undefined }],
    ['that is dead', 'does not die again', dead, nobody, { state: dead }],
    ['that is dead', 'comes back by an answer', dead, answered, { state: untried }],
    ['that is dead', 'comes back by being trusted', dead, trusted, { state: untried }],
  ] as const)('%s %s', (_, __, state, input, step) => {
    expect(stepProbe(state, input)).toEqual(step);
  });

  it('dies once, and only silent or unheard of, whatever happens', () => {
    const inputs = fc.array(fc.constantFrom(tick, idle, answered, nobody, trusted), { maxLength: 60 });
    fc.assert(
      fc.property(inputs, (all) => {
        let state = untried;
        let unanswered = 0;
        for (const input of all) {
          const step = stepProbe(state, input);
          if (step.effect === 'died') {
            expect(state.tag).toBe('alive');
            expect(input.tag === 'nobody' || unanswered >= MAX_UNANSWERED).toBe(true);
          }
          unanswered = input.tag === 'tick' && step.effect === 'ask' ? unanswered + 1 : 0;
          state = step.state ?? untried;
        }
      }),
    );
  });
});
