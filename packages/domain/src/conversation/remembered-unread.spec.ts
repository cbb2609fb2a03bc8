import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../log/envelope.js';
import { commands } from '../testing/arbitraries.js';
import { happen } from '../testing/history.js';
import { rememberedUnread } from './remembered-unread.js';
import { initial } from './state.js';

/** Messages after what was read or sent that are not gone. */
function unreadIn(log: readonly Envelope[], user: string, read: number): number {
  const from = Math.max(
    read,
    ...log.filter(({ type, actor }) => type === 'message.sent' && actor === user).map(({ seq }) => seq),
  );
  const isGone = (seq: number) =>
    log.some(
      (event) =>
        event.seq > seq &&
        ((event.type === 'message.deleted' && event.data.seq === seq) ||
          (event.type === 'member.erased' && event.data.user === log[seq - 1]?.actor) ||
          (event.type === 'message.expired' &&
            event.data.ranges.some(([first, last]) => first <= seq && seq <= last))),
    );
  return log.filter(({ type, seq }) => type === 'message.sent' && seq > from && !isGone(seq)).length;
}

describe('what a state remembers of unread messages', () => {
  it('is that there are none, if and only if there are none', () => {
    fc.assert(
      fc.property(commands, fc.constantFrom('ann', 'bob'), fc.nat({ max: 60 }), (tried, user, at) => {
        const { state, log } = happen(tried);
        const read = Math.min(at, state.revision);
        const unread = unreadIn(log, user, read);
        expect(rememberedUnread(state, user, read)).toBe(unread === 0 ? 0 : undefined);
      }),
      { numRuns: 300 },
    );
  });

  it('takes what somebody sent for read up to, also where it is deleted since', () => {
    const deed = (seq: number, actor: string, gone?: true) => ({
      ...({ actor, commandId: `c${seq}`, type: 'message.sent', seq, at: 0 } as const),
      ...(gone && { gone }),
    });
    const state = {
      ...initial,
      revision: 3,
      recent: { chunks: [], tail: [deed(1, 'ben'), deed(2, 'ann', true)] },
    };
    expect(rememberedUnread(state, 'ann', 0)).toBe(0);
    expect(rememberedUnread(state, 'cem', 0)).toBeUndefined();
  });

  it('is nothing where it does not reach back to what was read', () => {
    const deed = { actor: 'ben', commandId: 'c', type: 'message.edited', seq: 400, at: 0 } as const;
    const state = { ...initial, revision: 400, recent: { chunks: [], tail: [deed] } };
    expect(rememberedUnread(state, 'ann', 398)).toBeUndefined();
    expect(rememberedUnread(state, 'ann', 399)).toBe(0);
  });
});
