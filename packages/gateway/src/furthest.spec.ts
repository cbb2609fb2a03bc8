import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceFurthest, type Furthest } from './furthest.js';

const receipt = (user: string, delivered: number, read: number) => ({
  conversationId: 'town',
  user,
  delivered,
  read,
  at: 0,
  members: 1_000,
});

const moves = fc.array(
  fc.record({
    user: fc.constantFrom('ann', 'ben', 'cem', 'dan', 'eve'),
    byDelivered: fc.nat({ max: 3 }),
    byRead: fc.nat({ max: 3 }),
  }),
  { maxLength: 40 },
);

describe('the furthest of a large conversation', () => {
  it('are told so that whoever asks how far others have come knows it, by four watermarks a time at most', () => {
    fc.assert(
      fc.property(fc.array(moves, { maxLength: 8 }), (ticks) => {
        const truth = new Map<string, { delivered: number; read: number }>();
        const heard = new Map<string, { delivered: number; read: number }>();
        let furthest: Furthest | undefined;
        for (const tick of ticks) {
          const newest = new Map<string, ReturnType<typeof receipt>>();
          for (const { user, byDelivered, byRead } of tick) {
            const { delivered, read } = truth.get(user) ?? { delivered: 0, read: 0 };
            const at = { read: read + byRead, delivered: Math.max(delivered + byDelivered, read + byRead) };
            truth.set(user, at);
            newest.set(user, receipt(user, at.delivered, at.read));
          }
          const next = advanceFurthest(furthest, [...newest.values()]);
          furthest = next.furthest;
          expect(next.telling.length).toBeLessThanOrEqual(4);
          for (const { user, delivered, read } of next.telling) heard.set(user, { delivered, read });
          for (const asker of ['ann', 'ben', 'cem', 'nobody']) {
            for (const mark of ['delivered', 'read'] as const) {
              const most = (known: typeof truth) =>
                Math.max(0, ...[...known].filter(([user]) => user !== asker).map(([, at]) => at[mark]));
              expect(most(heard)).toBe(most(truth));
            }
          }
        }
      }),
    );
  });

  it('are told once, however many come as far', () => {
    const first = advanceFurthest(undefined, [
      receipt('ann', 5, 5),
      receipt('ben', 5, 5),
      receipt('cem', 5, 5),
    ]);
    expect(first.telling.map(({ user }) => user)).toEqual(['ann', 'ben']);
    expect(advanceFurthest(first.furthest, [receipt('cem', 5, 5), receipt('dan', 5, 4)]).telling).toEqual([]);
    const next = advanceFurthest(first.furthest, [receipt('dan', 6, 4)]);
    expect(next.telling.map(({ user }) => user)).toEqual(['dan']);
  });
});
