import type { NodeMethod } from '@parley/domain/wire/voice';
import { type Budget, isOver, take } from '@parley/infra/limits/budget';

/** What makes work for everybody in a call: its receivers are told of it; and more where a consumer is made for each of them, or of each track that there is. */
const POINTS: Partial<Record<NodeMethod, number>> = {
  'voice.attach': 2,
  'voice.receive': 10,
  'voice.produce': 5,
  'voice.setProducer': 1,
};

const WINDOW_MS = 10_000;

export type ChangeLimit = {
  /** Undefined, or the ms after which to come again. */
  take(user: string, method: NodeMethod, now: number): number | undefined;
};

/** Bounds what one user, on all their devices, makes others of a room go through. @param points in 10 s */
export function openChangeLimit(points: number): ChangeLimit {
  const budgets = new Map<string, Budget>();
  const rule = { points, windowMs: WINDOW_MS, lease: Number.POSITIVE_INFINITY };
  return {
    take(user, method, now) {
      const cost = POINTS[method];
      if (cost === undefined) return undefined;
      // Whoever changed something last is at the end.
      for (const [each, budget] of budgets) {
        if (!isOver(budget, now)) break;
        budgets.delete(each);
      }
      const { budget, retryAfterMs } = take(budgets.get(user), rule, cost, now);
      budgets.delete(user);
      budgets.set(user, budget);
      return retryAfterMs;
    },
  };
}
