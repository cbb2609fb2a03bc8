import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { steadyNow } from '../runtime/steady-now.js';
import { type Budget, type BudgetRule, isOver, refusedUntil, take } from './budget.js';

/** A limit that all processes share. */
export type SharedLimit = {
  /** Takes `cost` points of a key, 1 unless said: undefined, or the ms after which to come again. Waits for nothing. */
  take(key: string, cost?: number): number | undefined;
  /** The ms after which a key may take again, where it may not now. Takes nothing. */
  wait(key: string): number | undefined;
  close(): void;
};

export type SharedLimitOptions = {
  readonly redis: Redis;
  /** Part of the keys in Redis: what is limited. */
  readonly name: string;
  /** Points of one key in a window; 0 for no limit. */
  readonly points: number;
  readonly windowSeconds: number;
};

/** Share of the points that a process grants before it tells the others. */
const LEASES = 20;

/** Keys whose budgets are kept in memory; the one that came first makes room. */
const MAX_KEYS = 100_000;

/** Opens a limit, counted in Redis, and by each process for itself while Redis is away. */
export function openSharedLimit({ redis, name, points, windowSeconds }: SharedLimitOptions): SharedLimit {
  if (points === 0) return { take: () => undefined, wait: () => undefined, close: () => undefined };
  const window = { points, duration: windowSeconds };
  const store = new RateLimiterRedis({
    ...window,
    storeClient: redis,
    keyPrefix: `limit:${name}`,
    insuranceLimiter: new RateLimiterMemory(window),
  });
  const rule: BudgetRule = {
    points,
    windowMs: windowSeconds * 1_000,
    lease: Math.max(1, Math.floor(points / LEASES)),
  };
  const budgets = new Map<string, Budget>();

  async function tell(key: string, used: number): Promise<void> {
    try {
      await store.consume(key, used);
    } catch (answer) {
      if (!(answer instanceof RateLimiterRes)) throw answer;
      const budget = budgets.get(key);
      if (budget !== undefined) budgets.set(key, refusedUntil(budget, steadyNow() + answer.msBeforeNext));
    }
  }

  const sweep = setInterval(() => {
    const now = steadyNow();
    for (const [key, budget] of budgets) if (isOver(budget, now)) budgets.delete(key);
  }, rule.windowMs).unref();

  return {
    take(key, cost = 1) {
      const known = budgets.get(key);
      const taken = take(known, rule, cost, steadyNow());
      if (known === undefined && budgets.size >= MAX_KEYS)
        budgets.delete(budgets.keys().next().value as string);
      budgets.set(key, taken.budget);
      if (taken.tell !== undefined) void tell(key, taken.tell);
      return taken.retryAfterMs;
    },
    wait(key) {
      const known = budgets.get(key);
      return known === undefined ? undefined : take(known, rule, 1, steadyNow()).retryAfterMs;
    },
    close: () => clearInterval(sweep),
  };
}
