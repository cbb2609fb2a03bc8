/** How much of something one key may use: `points` in any `windowMs` milliseconds. */
export type BudgetRule = {
  readonly points: number;
  readonly windowMs: number;
  /** Points that are granted here before the store, which others share, is told of them. */
  readonly lease: number;
};

/** What one process knows of one budget. Times are ms by its steady clock. */
export type Budget = {
  /** Points granted here in the window that ends then. */
  readonly granted: number;
  readonly windowEndsAt: number;
  /** Points the store has not been told of. */
  readonly untold: number;
  /** The store has said that all is used up until then. */
  readonly refusedUntil: number;
};

export type Taken = {
  readonly budget: Budget;
  /** Milliseconds after which the same may be taken; undefined where it was granted. */
  readonly retryAfterMs?: number;
  /** Points to tell the store of now. */
  readonly tell?: number;
};

/**
 * Takes `cost` points, or says when to come again. Nobody waits for the store: what is taken is granted from what is known
 * here, and the store is told a lease at a time. So one key gets at most a lease for each process above its points, and what
 * it takes while the store is answering. Pure.
 */
export function take(budget: Budget | undefined, rule: BudgetRule, cost: number, now: number): Taken {
  if (budget !== undefined && now < budget.refusedUntil)
    return { budget, retryAfterMs: budget.refusedUntil - now };
  const current = budget === undefined || now >= budget.windowEndsAt ? fresh(now + rule.windowMs) : budget;
  // What costs more than there is must be possible in a window of its own.
  if (current.granted > 0 && current.granted + cost > rule.points)
    return { budget: current, retryAfterMs: current.windowEndsAt - now };
  const untold = current.untold + cost;
  const granted = current.granted + cost;
  return untold < rule.lease
    ? { budget: { ...current, granted, untold } }
    : { budget: { ...current, granted, untold: 0 }, tell: untold };
}

/** The store has said that all is used up until `until`. */
export const refusedUntil = (budget: Budget, until: number): Budget => ({ ...budget, refusedUntil: until });

/** Whether a budget says nothing any more that a new one would not. */
export const isOver = (budget: Budget, now: number): boolean =>
  now >= budget.windowEndsAt && now >= budget.refusedUntil;

const fresh = (windowEndsAt: number): Budget => ({ granted: 0, windowEndsAt, untold: 0, refusedUntil: 0 });
