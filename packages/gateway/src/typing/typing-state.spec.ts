import { TYPING_MS } from '@parley/domain/wire/presence';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBelieved, REPEAT_MS, stepTyping, type TypingState } from './typing-state.js';

const typing = (toldAt: number): TypingState => ({ toldAt, isTyping: true });
const stopped = (toldAt: number): TypingState => ({ toldAt, isTyping: false });
const NOW = 1_000_000;
const recent = NOW - REPEAT_MS + 1;
const older = NOW - REPEAT_MS;
const over = NOW - TYPING_MS;

describe('typing', () => {
  it.each<[string, TypingState | undefined, boolean, TypingState | undefined, string | undefined]>([
    ['begins', undefined, true, typing(NOW), 'typing'],
    ['goes on', typing(recent), true, typing(recent), undefined],
    ['goes on for a while', typing(older), true, typing(NOW), 'typing'],
    ['ends', typing(recent), false, stopped(recent), 'stopped'],
    ['ends twice', stopped(recent), false, stopped(recent), undefined],
    ['ends without having begun', undefined, false, undefined, undefined],
    ['ends when nobody believes it any more', typing(over), false, undefined, undefined],
    ['begins again at once', stopped(recent), true, stopped(recent), undefined],
    ['begins again later', stopped(older), true, typing(NOW), 'typing'],
  ])('%s', (_, from, isTyping, state, tell) => {
    expect(stepTyping(from, isTyping, NOW)).toEqual(tell === undefined ? { state } : { state, tell });
  });

  it('is told at most twice in the time of a repetition, and a stop only after a start, whatever a client does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 3_000 }))), (steps) => {
        let state: TypingState | undefined;
        let now = NOW;
        const starts: number[] = [];
        let believed = false;
        for (const [isTyping, ms] of steps) {
          now += ms;
          if (state === undefined || !isBelieved(state, now)) believed = false;
          const next = stepTyping(state, isTyping, now);
          state = next.state;
          if (next.tell === 'stopped') expect(believed).toBe(true);
          if (next.tell === 'typing') starts.push(now);
          if (next.tell !== undefined) believed = next.tell === 'typing';
        }
        for (const [index, at] of starts.entries())
          if (index > 0) expect(at - (starts[index - 1] as number)).toBeGreaterThanOrEqual(REPEAT_MS);
      }),
    );
  });
});
