import type { LiveEvent } from '@parley/domain/wire/live';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logOf, messagesOf, pageAt, someHappening, text } from '../testing/model-conversation.js';
import { emptyWindow, foldWindow, hasNewer, hasOlder, type Window, type WindowInput } from './window.js';

const bounds = { user: 'ann', windowSize: 8, pageSize: 4 };
const fold = (window: Window, ...inputs: readonly WindowInput[]): Window =>
  inputs.reduce((next, input) => foldWindow(next, input, bounds), window);
const seqs = ({ rows }: Window): readonly number[] => rows.map(({ view }) => view.seq);
const sends = (count: number, by = 'bob'): readonly LiveEvent[] =>
  logOf(Array.from({ length: count }, () => ({ tag: 'sent', by })));
const live = (events: readonly LiveEvent[]): WindowInput[] =>
  events.map((event) => ({ tag: 'event', event }));

/** A window that has read the newest page of a log. */
const opened = (log: readonly LiveEvent[]): Window =>
  fold(
    emptyWindow,
    { tag: 'asked', what: 'first' },
    { tag: 'newest', page: pageAt(log, log.length, { limit: 4 }, 'ann') },
  );

describe('a window', () => {
  const log = sends(20);

  it('takes in what came while its page was on the way, once', () => {
    const page = pageAt(log, 12, { limit: 4 }, 'ann');
    const window = fold(
      emptyWindow,
      { tag: 'asked', what: 'first' },
      ...live(log.slice(10, 14)),
      { tag: 'newest', page },
      ...live(log.slice(12, 14)),
    );
    expect(seqs(window)).toEqual([9, 10, 11, 12, 13, 14]);
  });

  it('lets go of the other side when it grows beyond its size', () => {
    const older = pageAt(log, 20, { before: 17, limit: 4 }, 'ann');
    const two = fold(opened(log), { tag: 'asked', what: 'older' }, { tag: 'older', page: older });
    expect([seqs(two).length, hasNewer(two)]).toEqual([8, false]);
    const oldest = pageAt(log, 20, { before: 13, limit: 4 }, 'ann');
    const three = fold(two, { tag: 'asked', what: 'older' }, { tag: 'older', page: oldest });
    expect(seqs(three)).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
    expect([hasOlder(three), hasNewer(three)]).toEqual([true, true]);
  });

  it('does not follow the newest while something else is being read, and does while its end is seen', () => {
    const more = sends(30);
    const full = fold(opened(more.slice(0, 20)), ...live(more.slice(20, 24)));
    const left = fold(full, ...live(more.slice(24)));
    expect(seqs(left)).toEqual(seqs(full));
    expect(hasNewer(left)).toBe(true);
    const followed = fold(full, { tag: 'seen', seq: 24 }, ...live(more.slice(24, 27)));
    expect(seqs(followed)).toEqual([20, 21, 22, 23, 24, 25, 26, 27]);
  });

  it('is to be read anew when events before one are missing', () => {
    const window = fold(opened(log.slice(0, 10)), ...live(log.slice(12, 13)));
    expect(window.isStale).toBe(true);
    expect(seqs(window)).toEqual([7, 8, 9, 10]);
  });

  it('keeps what did not change the same when it is read anew', () => {
    const window = fold(opened(log), { tag: 'asked', what: 'again' });
    const again = fold(window, { tag: 'newest', page: pageAt(log, 20, { limit: 4 }, 'ann') });
    expect(again.rows.map(({ view }) => view)).toEqual(window.rows.map(({ view }) => view));
    again.rows.forEach(({ view }, index) => {
      expect(view).toBe(window.rows[index]?.view);
    });
  });

  it('has tombstones left of a person who is erased, and reads again who reacted', () => {
    const some = logOf([
      { tag: 'sent', by: 'bob' },
      { tag: 'sent', by: 'cid' },
      { tag: 'reacted', by: 'bob', target: 1, emoji: '+1', removed: false },
      { tag: 'personErased', of: 'bob' },
      { tag: 'sent', by: 'bob' },
    ]);
    const window = fold(opened(some.slice(0, 3)), ...live(some.slice(3)));
    expect(window.rows.map(({ view }) => [view.seq, view.deletedAt, view.body === null])).toEqual([
      [1, some[3]?.at, true],
      [2, undefined, false],
      [5, undefined, false],
    ]);
    expect(window.rows.map(({ isDoubtful }) => isDoubtful)).toEqual([undefined, true, undefined]);
  });

  it('has nothing left of a conversation that is erased', () => {
    const erased: LiveEvent = { ...(log[0] as LiveEvent), seq: 21, type: 'conversation.erased', data: {} };
    const window = fold(opened(log), { tag: 'event', event: erased });
    expect([seqs(window), window.revision, window.isStale]).toEqual([[], 21, false]);
  });

  it('says why a body is not shown, until an edit brings one that is', () => {
    const locked = { ...log[19], data: { ...log[19]?.data, body: null, sealed: 'locked' } } as LiveEvent;
    const window = fold(opened(log.slice(0, 19)), { tag: 'event', event: locked });
    expect(window.rows.at(-1)?.view).toMatchObject({ body: null, sealed: 'locked' });
    const edit = {
      ...log[0],
      seq: 21,
      type: 'message.edited',
      data: { seq: 20, body: text('open') },
    } as LiveEvent;
    const { sealed, body } = fold(window, { tag: 'event', event: edit }).rows.at(-1)?.view ?? {};
    expect([sealed, body]).toEqual([undefined, text('open')]);
  });

  it('drops messages when their time is over', () => {
    const due = { ...log[19], data: { ...log[19]?.data, expiresAt: 500 } } as LiveEvent;
    const window = fold(opened(log.slice(0, 19)), { tag: 'event', event: due });
    expect(seqs(fold(window, { tag: 'due', now: 499 }))).toContain(20);
    expect(seqs(fold(window, { tag: 'due', now: 500 }))).not.toContain(20);
  });
});

/** What a run does next: how much of the log there is by then, and how much of it a page has seen. */
const step = fc.record({
  act: fc.constantFrom(
    'deliver',
    'deliver',
    'repeat',
    'older',
    'newer',
    'newest',
    'jump',
    'lose',
    'seen',
    'reread',
  ),
  grows: fc.nat(4),
  lag: fc.nat(3),
  meanwhile: fc.nat(3),
});

describe('a window, after any order of events, repetitions, pages, jumps and losses', () => {
  it('is a run of the log without holes, and equal to it where it has been read', () => {
    fc.assert(
      fc.property(
        fc.array(someHappening, { minLength: 1, maxLength: 60 }),
        fc.array(step, { maxLength: 40 }),
        (happenings, steps) => {
          const log = logOf(happenings);
          let window = emptyWindow;
          /** How long the log is, and up to where its events have come to this client. */
          let head = 1;
          let delivered = 1;
          const deliver = (count: number): void => {
            for (; count > 0 && delivered < head; count--)
              window = fold(window, ...live([log[delivered++] as LiveEvent]));
          };
          /** A page sees what had been delivered when it was asked for, and perhaps more; events come before it does. */
          const read = (
            what: 'first' | 'older' | 'newer' | 'again',
            lag: number,
            meanwhile: number,
            make: (at: number) => WindowInput,
          ): void => {
            const at = Math.max(delivered, head - lag);
            window = fold(window, { tag: 'asked', what });
            deliver(meanwhile);
            window = fold(window, make(at));
          };
          const newest = (lag: number, meanwhile: number): void =>
            read(window.isRead ? 'again' : 'first', lag, meanwhile, (at) => ({
              tag: 'newest',
              page: pageAt(log, at, { limit: 4 }, 'ann'),
            }));
          const newer = (lag: number, meanwhile: number): void => {
            const { to } = window;
            if (to !== undefined)
              read('newer', lag, meanwhile, (at) => ({
                tag: 'newer',
                page: pageAt(log, at, { after: to, limit: 4 }, 'ann'),
              }));
          };
          const reread = (): void => {
            const [from, to] = [window.rows[0]?.view.seq, window.rows.at(-1)?.view.seq];
            if (from === undefined || to === undefined) return;
            const page = pageAt(log, delivered, { after: from - 1, limit: window.rows.length }, 'ann');
            window = fold(window, {
              tag: 'reread',
              from,
              to: page.hasMore ? Math.min(to, page.messages.at(-1)?.seq ?? to) : to,
              page,
            });
          };
          const isRun = (): void => {
            if (!window.isRead || window.isStale) return;
            const end = window.to ?? window.revision;
            // A page may know already that one is gone by an event that is still to come.
            const still = new Set(messagesOf(log.slice(0, head), 'ann').map(({ seq }) => seq));
            const there = new Set(
              messagesOf(log.slice(0, Math.max(delivered, window.revision)), 'ann')
                .map(({ seq }) => seq)
                .filter((seq) => still.has(seq)),
            );
            const expected = [...there].filter((seq) => seq >= window.from && seq <= end);
            expect(seqs(window).filter((seq) => there.has(seq))).toEqual(expected);
          };

          for (const { act, grows, lag, meanwhile } of steps) {
            head = Math.min(log.length, head + grows);
            if (act === 'deliver') deliver(grows);
            if (act === 'repeat')
              window = fold(window, ...live(log.slice(Math.max(0, delivered - grows), delivered)));
            if (act === 'newest') newest(lag, meanwhile);
            if (act === 'newer') newer(lag, meanwhile);
            if (act === 'seen') window = fold(window, { tag: 'seen', seq: delivered });
            if (act === 'reread') reread();
            if (act === 'older' && hasOlder(window)) {
              const { from } = window;
              read('older', lag, meanwhile, (at) => ({
                tag: 'older',
                page: pageAt(log, at, { before: from, limit: 4 }, 'ann'),
              }));
            }
            if (act === 'jump' && window.isRead) {
              const seq = 1 + ((grows * 7 + lag) % head);
              read('first', lag, meanwhile, (at) => ({
                tag: 'around',
                place: seq,
                older: pageAt(log, Math.max(delivered, at - 1), { before: seq, limit: 2 }, 'ann'),
                newer: pageAt(log, at, { after: seq - 1, limit: 4 }, 'ann'),
              }));
            }
            if (act === 'lose') {
              // A resync: what lies between is never delivered, and the window is told.
              delivered = Math.max(delivered, head - lag);
              window = fold(window, { tag: 'stale' });
            }
            expect(window.rows.length).toBeLessThanOrEqual(bounds.windowSize);
            isRun();
          }

          head = log.length;
          deliver(log.length);
          if (!window.isRead || window.isStale) newest(0, 0);
          while (window.to !== undefined) newer(0, 0);
          if (window.rows.some(({ isDoubtful }) => isDoubtful)) reread();
          const whole = messagesOf(log, 'ann');
          expect(window.rows.map(({ view }) => view)).toEqual(whole.filter(({ seq }) => seq >= window.from));
          if (window.from === 1) expect(window.rows.length).toBe(whole.length);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
