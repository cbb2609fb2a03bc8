import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type HubInput,
  type HubState,
  MAX_AHEAD,
  MAX_FAILURES,
  MAX_GAP,
  type Numbered,
  starting,
  stepHub,
} from './hub-state.js';

const e = (...seqs: number[]): Numbered[] => seqs.map((seq) => ({ seq }));
const event = (seq: number): HubInput<Numbered> => ({ tag: 'event', event: { seq } });
const head = (seq: number): HubInput<Numbered> => ({ tag: 'head', seq });
const page = (...seqs: number[]): HubInput<Numbered> => ({ tag: 'page', events: e(...seqs) });
const failed: HubInput<Numbered> = { tag: 'failed' };
const live = (seq: number): HubState<Numbered> => ({ tag: 'live', seq });
const startingWith = (...ahead: number[]): HubState<Numbered> => ({ tag: 'starting', ahead: e(...ahead) });
const fetching = (seq: number, ahead: number[], target: number, failures = 0): HubState<Numbered> => ({
  tag: 'fetching',
  seq,
  ahead: e(...ahead),
  target,
  failures,
});

type Row = [
  given: string,
  state: HubState<Numbered>,
  input: HubInput<Numbered>,
  next: HubState<Numbered>,
  deliver?: number[],
  effect?: string,
];

const rows: Row[] = [
  ['starting keeps what comes', starting, event(7), startingWith(7)],
  ['starting keeps a run', startingWith(7), event(8), startingWith(7, 8)],
  ['starting keeps an event once', startingWith(7, 8), event(8), startingWith(7, 8)],
  ['starting keeps the newest run', startingWith(7, 8), event(10), startingWith(10)],
  ['starting goes live at the head', starting, head(6), live(6)],
  ['starting drops what the head includes', startingWith(5, 6), head(6), live(6)],
  ['starting delivers what follows the head', startingWith(6, 7, 8), head(6), live(8), [7, 8]],
  ['starting fetches what is between', startingWith(9), head(6), fetching(6, [9], 9), [], 'fetch'],
  ['starting asks again when it was not answered', startingWith(9), failed, startingWith(9), [], 'retry'],
  ['starting has asked for no page', startingWith(9), page(8), startingWith(9)],

  ['live delivers the next', live(6), event(7), live(7), [7]],
  ['live ignores a repetition', live(6), event(6), live(6)],
  ['live ignores the past', live(6), event(2), live(6)],
  ['live fetches a gap', live(6), event(9), fetching(6, [9], 9), [], 'fetch'],
  ['live gives up a wide gap', live(6), event(7 + MAX_GAP), startingWith(7 + MAX_GAP), [], 'restart'],
  ['live is at the head', live(6), head(6), live(6)],
  ['live is beyond an old head', live(6), head(5), live(6)],
  ['live fetches up to a newer head', live(6), head(8), fetching(6, [], 8), [], 'fetch'],
  ['live has asked for no page', live(6), page(7), live(6)],
  ['live has asked for nothing', live(6), failed, live(6)],

  ['fetching keeps what comes', fetching(6, [9], 9), event(10), fetching(6, [9, 10], 10)],
  ['fetching ignores the past', fetching(6, [9], 9), event(6), fetching(6, [9], 9)],
  ['fetching remembers a newer head', fetching(6, [9], 9), head(12), fetching(6, [9], 12)],
  [
    'fetching goes live when the gap is closed',
    fetching(6, [9, 10], 10),
    page(7, 8),
    live(10),
    [7, 8, 9, 10],
  ],
  [
    'fetching takes a page that has more',
    fetching(6, [9, 10], 10),
    page(7, 8, 9, 10, 11),
    live(11),
    [7, 8, 9, 10, 11],
  ],
  ['fetching asks for the rest', fetching(6, [9], 9), page(7), fetching(7, [9], 9), [7], 'fetch'],
  [
    'fetching goes on behind what it had kept',
    fetching(6, [8], 12),
    page(7),
    fetching(8, [], 12),
    [7, 8],
    'fetch',
  ],
  ['fetching passes over what nobody can read', fetching(6, [10], 10), page(8, 9), live(10), [8, 9, 10]],
  [
    'fetching asks again after an empty page',
    fetching(6, [9], 9),
    page(),
    fetching(6, [9], 9, 1),
    [],
    'retry',
  ],
  [
    'fetching asks again after a failure',
    fetching(6, [9], 9, 1),
    failed,
    fetching(6, [9], 9, 2),
    [],
    'retry',
  ],
  ['fetching gives up', fetching(6, [9], 9, MAX_FAILURES - 1), failed, startingWith(9), [], 'restart'],
  [
    'fetching gives up what is too far',
    fetching(6, [], 8 + MAX_GAP),
    page(7),
    startingWith(),
    [7],
    'restart',
  ],
];

it('has a row for every state and every input', () => {
  const covered = new Set(rows.map(([, state, input]) => `${state.tag} ${input.tag}`));
  const all = [starting, live(1), fetching(1, [], 2)].flatMap((state) =>
    [event(1), head(1), page(), failed].map((input) => `${state.tag} ${input.tag}`),
  );
  expect([...covered].sort()).toEqual(all.sort());
});

describe('a hub that is', () => {
  it.each(rows)('%s', (_, state, input, next, deliver = [], effect) => {
    const step = stepHub(state, input);
    expect(step.state).toEqual(next);
    expect(step.deliver).toEqual(e(...deliver));
    expect(step.effect).toBe(effect);
  });

  it('behind keeps a bounded number of events', () => {
    let state: HubState<Numbered> = starting;
    for (let seq = 1; seq <= MAX_AHEAD + 10; seq++) state = stepHub(state, event(seq)).state;
    expect(state).toEqual(startingWith(...Array.from({ length: MAX_AHEAD }, (_, index) => index + 11)));
  });
});

/** A log, a lossy live feed of it, and a hub between them, moved by a generated sequence of happenings. */
type Happening =
  | { tag: 'append'; count: number; lost: boolean }
  | { tag: 'duplicate'; back: number }
  | { tag: 'reply'; fails: boolean; limit: number }
  | { tag: 'head' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    tag: fc.constant('append' as const),
    count: fc.integer({ min: 1, max: 5 }),
    lost: fc.boolean(),
  }),
  fc.record({ tag: fc.constant('duplicate' as const), back: fc.nat(8) }),
  fc.record({
    tag: fc.constant('reply' as const),
    fails: fc.boolean(),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ tag: fc.constant('head' as const) }),
);

it('delivers every event once and in order, whatever is lost, repeated or late', () => {
  fc.assert(
    fc.property(fc.nat(5), fc.array(happening, { maxLength: 60 }), (before, happenings) => {
      let log = before;
      let state: HubState<Numbered> = starting;
      let next: number | undefined;
      /** What is being asked, as of the log at the moment of the answer. */
      let asked: 'head' | 'page' | undefined = 'head';

      const take = (input: HubInput<Numbered>): void => {
        if (state.tag === 'starting' && input.tag === 'head') next = input.seq + 1;
        const step = stepHub(state, input);
        for (const { seq } of step.deliver) {
          expect(seq).toBe(next);
          next = seq + 1;
        }
        state = step.state;
        if (step.effect === 'restart') asked = 'head';
        else if (step.effect !== undefined) asked = state.tag === 'starting' ? 'head' : 'page';
      };
      const reply = (fails: boolean, limit: number): void => {
        const question = asked;
        if (question === undefined) return;
        asked = undefined;
        if (fails) return take(failed);
        if (question === 'head') return take(head(log));
        if (state.tag !== 'fetching') return;
        const from = state.seq;
        take(page(...Array.from({ length: Math.min(limit, log - from) }, (_, index) => from + 1 + index)));
      };

      for (const it of happenings) {
        if (it.tag === 'append') {
          for (let count = 0; count < it.count; count++) {
            log++;
            if (!it.lost) take(event(log));
          }
        } else if (it.tag === 'duplicate' && log - it.back > 0) take(event(log - it.back));
        else if (it.tag === 'reply') reply(it.fails, it.limit);
        else if (it.tag === 'head' && state.tag !== 'starting') take(head(log));
      }
      // Then the world heals: the head is looked at and every question is answered.
      while (asked !== undefined) reply(false, 100);
      take(head(log));
      while (asked !== undefined) reply(false, 100);
      expect(state).toEqual(live(log));
      expect(next).toBe(log + 1);
    }),
    { numRuns: 2_000 },
  );
});
