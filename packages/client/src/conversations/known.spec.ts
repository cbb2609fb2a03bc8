import type { LiveEvent } from '@parley/domain/wire/live';
import type { ConversationView } from '@parley/domain/wire/views';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logOf, messagesOf, someHappening } from '../testing/model-conversation.js';
import { foldKnown, foldReceipt, type Known, knownOf } from './known.js';

/** The conversation as a server lists it to ann when its log is this long and she has read up to `read`. */
function viewOf(log: readonly LiveEvent[], read: number): ConversationView {
  const messages = messagesOf(log, 'ann');
  const own = log.findLast(({ type, actor }) => type === 'message.sent' && actor === 'ann')?.seq ?? 0;
  const sent = log.filter(({ type }) => type === 'message.sent');
  const { reactions: _, ...preview } = messages.at(-1) ?? { reactions: undefined };
  return {
    conversationId: 'c',
    kind: 'group',
    role: 'member',
    ttl: null,
    closed: false,
    memberCount: 3,
    revision: log.length,
    lastActivityAt: sent.at(-1)?.at ?? 0,
    unread: messages.filter(({ seq, deletedAt }) => seq > Math.max(read, own) && deletedAt === undefined)
      .length,
    read,
    delivered: read,
    preview: 'seq' in preview ? preview : null,
    ...(log.some(({ type }) => type === 'conversation.renamed') ? { title: 'x' } : {}),
  };
}

const step = fc.record({ act: fc.constantFrom('event', 'event', 'event', 'read', 'view'), lag: fc.nat(5) });

describe('a conversation of the list', () => {
  it('is as the server would list it, after any order of events, receipts and views, or says that it has to be asked for', () => {
    fc.assert(
      fc.property(
        fc.array(someHappening, { minLength: 1, maxLength: 40 }),
        fc.array(step, { maxLength: 60 }),
        (happenings, steps) => {
          const log = logOf(happenings);
          let [told, read] = [1, 0];
          let known: Known = knownOf(viewOf(log.slice(0, 1), 0)).known;
          let isUncertain = false;
          for (const { act, lag } of steps) {
            const event = log[told];
            if (act === 'event' && event !== undefined) {
              told++;
              const next = foldKnown(known, event, 'ann');
              known = next.known;
              isUncertain ||= next.isUncertain;
            }
            if (act === 'read') {
              read = Math.max(read, told - lag);
              const { unread } = viewOf(log.slice(0, told), read);
              const next = foldReceipt(known, { read, delivered: read, unread, revision: told });
              known = next.known;
              isUncertain ||= next.isUncertain;
            }
            if (act === 'view') {
              const next = knownOf(viewOf(log.slice(0, told), read), known);
              known = next.known;
              isUncertain = next.isUncertain;
            }
            if (isUncertain) continue;
            const { reactions: _, ...preview } = known.view.preview ?? { reactions: undefined };
            expect({ ...known.view, preview: 'seq' in preview ? preview : null }).toEqual(
              viewOf(log.slice(0, told), read),
            );
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('takes no view that is older than what it knows', () => {
    const log = logOf([
      { tag: 'sent', by: 'bob' },
      { tag: 'sent', by: 'bob' },
    ]);
    const newer = knownOf(viewOf(log, 0)).known;
    expect(knownOf(viewOf(log.slice(0, 1), 0), newer).known).toBe(newer);
  });
});
