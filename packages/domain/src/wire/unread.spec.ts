import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../log/envelope.js';
import { commands } from '../testing/arbitraries.js';
import { happen } from '../testing/history.js';
import {
  MAX_KNOWN_UNREAD,
  type Unread,
  unreadAfterEvent,
  unreadAfterReceipt,
  unreadOf,
  unreadWithout,
} from './unread.js';

/** As the server counts: what came after the newest read or own message and is not gone. */
function counted(log: readonly Envelope[], revision: number, user: string, read: number): number {
  const seen = log.slice(0, revision);
  const own = seen.findLast(({ type, actor }) => type === 'message.sent' && actor === user)?.seq ?? 0;
  const gone = (seq: number) =>
    seen.some(
      (event) =>
        event.seq > seq &&
        ((event.type === 'message.deleted' && event.data.seq === seq) ||
          (event.type === 'message.expired' &&
            event.data.ranges.some(([from, to]) => from <= seq && seq <= to))),
    );
  return seen.filter(({ type, seq }) => type === 'message.sent' && seq > Math.max(read, own) && !gone(seq))
    .length;
}

const sent = (seq: number, actor: string) => ({ seq, actor, type: 'message.sent', data: {} }) as const;
const deleted = (seq: number, target: number) => ({
  seq,
  actor: 'ben',
  type: 'message.deleted' as const,
  data: { seq: target },
});
const fold = (start: Unread, ...events: Parameters<typeof unreadAfterEvent>[1][]) =>
  events.reduce<Unread | undefined>(
    (unread, event) => unread && unreadAfterEvent(unread, event, 'ann'),
    start,
  );

/** What is told to a member: the next event, or a mark of theirs with what the server counted some events ago or ahead. */
const told = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('event' as const) },
    {
      weight: 1,
      arbitrary: fc.record({
        by: fc.nat({ max: 12 }),
        lag: fc.integer({ min: -2, max: 6 }),
        isCounted: fc.boolean(),
      }),
    },
  ),
  { minLength: 20, maxLength: 120, size: 'max' },
);

describe('unread messages', () => {
  it('are what the server counts at every event and receipt, or asked for', () => {
    let exact = 0;
    let asked = 0;
    fc.assert(
      fc.property(commands, told, fc.constantFrom('ann', 'bob'), (tried, steps, user) => {
        const { log } = happen(tried);
        let read = 0;
        let heard = 0;
        let unread: Unread | undefined = unreadOf({ unread: 0, revision: 0, read: 0 });
        for (const step of steps) {
          if (step === 'event') {
            const event = log[heard];
            if (event === undefined) break;
            heard++;
            unread = unread && unreadAfterEvent(unread, { ...event, data: { ...event.data } }, user);
          } else {
            const revision = Math.min(log.length, Math.max(0, heard - step.lag));
            read = Math.max(read, Math.min(revision, read + step.by));
            const count = step.isCounted ? { unread: counted(log, revision, user, read), revision } : {};
            unread = unreadAfterReceipt(unread, { read, ...count });
          }
          if (unread === undefined) {
            asked++;
            heard = Math.max(heard, 1);
            unread = unreadOf({ unread: counted(log, heard, user, read), revision: heard, read });
          } else exact++;
          heard = Math.max(heard, unread.asOf);
          expect(unread.count).toBe(counted(log, unread.asOf, user, read));
        }
      }),
      { numRuns: 300 },
    );
    expect(exact).toBeGreaterThan(asked);
  });

  it('need nobody while messages come and are read to the end', () => {
    const unread = fold(unreadOf({ unread: 4, revision: 9, read: 5 }), sent(10, 'ben'), sent(11, 'ben'));
    expect(unread).toMatchObject({ count: 6, asOf: 11 });
    expect(unreadAfterReceipt(unread, { read: 11 })).toMatchObject({ count: 0, readTo: 11 });
    expect(unreadAfterReceipt(unread, { read: 10 })).toMatchObject({ count: 1, readTo: 10 });
  });

  it('are none once one has sent a message oneself', () => {
    expect(fold(unreadOf({ unread: 4, revision: 9, read: 5 }), sent(10, 'ann'))).toMatchObject({ count: 0 });
  });

  it('take the server’s count where it was made before newer messages came', () => {
    const unread = fold(unreadOf({ unread: 8, revision: 9, read: 0 }), sent(10, 'ben'), sent(11, 'ben'));
    expect(unreadAfterReceipt(unread, { read: 5, unread: 4, revision: 10 })).toMatchObject({
      count: 5,
      asOf: 11,
    });
    expect(unreadAfterReceipt(unread, { read: 5 })).toBeUndefined();
  });

  it('are one less when one of them is deleted, and the same when a read one is', () => {
    const start = fold(
      unreadOf({ unread: 0, revision: 9, read: 9 }),
      sent(10, 'ben'),
      sent(11, 'ben'),
    ) as Unread;
    expect(fold(start, deleted(12, 10))).toMatchObject({ count: 1 });
    expect(fold(start, deleted(12, 8))).toMatchObject({ count: 2 });
    expect(fold(start, deleted(12, 10), deleted(13, 10))).toMatchObject({ count: 1 });
  });

  it('are asked for when it is not known whether what was deleted was counted, or when events are missing', () => {
    const start = unreadOf({ unread: 2, revision: 9, read: 5 });
    expect(fold(start, deleted(10, 7))).toBeUndefined();
    expect(fold(start, sent(11, 'ben'))).toBeUndefined();
  });

  it('are asked for where an event was taken out of the log, and not where it is said which was', () => {
    const erased = (seq: number, target: number) =>
      ({ seq, actor: '@system', type: 'message.erased', data: { seq: target } }) as const;
    expect(fold(unreadOf({ unread: 1, revision: 2, read: 0 }), erased(3, 3))).toBeUndefined();
    expect(fold(unreadOf({ unread: 1, revision: 2, read: 0 }), erased(3, 2))?.count).toBe(1);
  });

  it('are counted without end, in bounded memory', () => {
    let unread = unreadOf({ unread: 0, revision: 0, read: 0 });
    for (let seq = 1; seq <= 1_000; seq++) unread = fold(unread, sent(seq, 'ben')) as Unread;
    expect(unread.count).toBe(1_000);
    expect(unread.known).toHaveLength(MAX_KNOWN_UNREAD);
    expect(unreadAfterReceipt(unread, { read: 900 })).toMatchObject({ count: 100 });
    expect(unreadAfterReceipt(unread, { read: 100 })).toBeUndefined();
  });
});

describe('a message that ends before the log says so', () => {
  /** Read up to 5; of three unread ones the server has counted two, and the third came live. */
  const unread = unreadAfterEvent(
    unreadOf({ unread: 2, revision: 9, read: 5 }),
    sent(10, 'bob'),
    'ann',
  ) as Unread;

  it('is one less where it was counted, one by one or among others, and none where it was not', () => {
    expect(unread.count).toBe(3);
    expect([unreadWithout(unread, 10).count, unreadWithout(unread, 9).count]).toEqual([2, 2]);
    for (const other of [5, 11]) expect(unreadWithout(unread, other)).toBe(unread);
  });

  it('is not taken away again by its tombstone, or the server is asked', () => {
    const expired = (seq: number) => ({
      seq: 11,
      type: 'message.expired' as const,
      actor: '@system',
      data: { ranges: [[seq, seq]] },
    });
    expect(unreadAfterEvent(unreadWithout(unread, 10), expired(10), 'ann')?.count).toBe(2);
    expect(unreadAfterEvent(unreadWithout(unread, 9), expired(9), 'ann')).toBeUndefined();
  });
});
