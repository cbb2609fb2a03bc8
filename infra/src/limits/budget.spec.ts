import { describe, expect, it } from 'vitest';
import { type Budget, type BudgetRule, isOver, refusedUntil, take } from './budget.js';

const rule: BudgetRule = { points: 10, windowMs: 1_000, lease: 4 };

/** Takes one point `times` times at the same moment. */
function takeMany(times: number, now: number, from?: Budget) {
  let budget = from;
  const tells: number[] = [];
  const waits: number[] = [];
  for (let n = 0; n < times; n++) {
    const taken = take(budget, rule, 1, now);
    budget = taken.budget;
    if (taken.tell !== undefined) tells.push(taken.tell);
    if (taken.retryAfterMs !== undefined) waits.push(taken.retryAfterMs);
  }
  return { budget: budget as Budget, tells, waits };
}

describe('a budget', () => {
  it('grants its points in a window, then says how long the window still is', () => {
    const { budget } = takeMany(1, 0);
    expect(takeMany(9, 400, budget).waits).toEqual([]);
    expect(takeMany(10, 400, budget).waits).toEqual([600]);
  });

  it('grants again at the very moment it has named', () => {
    const { budget, waits } = takeMany(11, 0);
    expect(takeMany(1, waits[0] as number, budget).waits).toEqual([]);
    expect(takeMany(1, (waits[0] as number) - 1, budget).waits).toEqual([1]);
  });

  it('tells the store a lease at a time', () => {
    expect(takeMany(3, 0).tells).toEqual([]);
    expect(takeMany(10, 0).tells).toEqual([4, 4]);
  });

  it('refuses for as long as the store refuses, though points are left here', () => {
    const refused = refusedUntil(takeMany(1, 0).budget, 700);
    expect(takeMany(1, 200, refused).waits).toEqual([500]);
    expect(takeMany(1, 700, refused).waits).toEqual([]);
  });

  it('lets through what costs more than all of it, alone in a window', () => {
    const taken = take(undefined, rule, 25, 0);
    expect(taken).toMatchObject({ tell: 25 });
    expect(taken.retryAfterMs).toBeUndefined();
    expect(take(taken.budget, rule, 1, 10).retryAfterMs).toBe(990);
  });

  it('is over when neither its window nor a refusal lasts', () => {
    const { budget } = takeMany(1, 0);
    expect([isOver(budget, 999), isOver(budget, 1_000)]).toEqual([false, true]);
    expect(isOver(refusedUntil(budget, 5_000), 1_000)).toBe(false);
  });
});
