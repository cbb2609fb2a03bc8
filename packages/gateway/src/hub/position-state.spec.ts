import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginPosition,
  MAX_FAILURES,
  MAX_REPLAY,
  type Position,
  type PositionInput,
  type PositionStep,
  stepPosition,
} from './position-state.js';

const waiting = (after?: number, sent = 0): Position => ({ tag: 'waiting', after, sent });
const backfill = (after: number, sent = 0, failures = 0): Position => ({
  tag: 'backfill',
  after,
  sent,
  failures,
});
const live: Position = { tag: 'live' };
const ended: Position = { tag: 'ended' };

const ready = (head: number): PositionInput => ({ tag: 'ready', head });
const page = (last: number, head: number | undefined): PositionInput => ({ tag: 'page', last, head });
const failed: PositionInput = { tag: 'failed', forGood: false };
const failedForGood: PositionInput = { tag: 'failed', forGood: true };
const removed: PositionInput = { tag: 'removed' };

const step = (
  position: Position,
  effect?: PositionStep['effect'],
  resync?: PositionStep['resync'],
): PositionStep => ({
  position,
  ...(effect === undefined ? {} : { effect }),
  ...(resync === undefined ? {} : { resync }),
});

describe('a session begins', () => {
  it.each<[string, number | undefined, number | undefined, PositionStep]>([
    ['live at the newest event without a position', undefined, 9, step(live, 'subscribe')],
    ['live where it is at the newest event already', 9, 9, step(live, 'subscribe')],
    ['by catching up where it is behind', 4, 9, step(backfill(4), 'fetch')],
    ['by catching up on just so many', 0, MAX_REPLAY, step(backfill(0), 'fetch')],
    [
      'live, to be read anew, where too much is missing',
      0,
      MAX_REPLAY + 1,
      step(live, 'subscribe', 'behind'),
    ],
    ['by waiting where delivery here has not come as far', 10, 9, step(waiting(10))],
    ['by waiting where the newest event is not known', 4, undefined, step(waiting(4))],
    ['by waiting also without a position', undefined, undefined, step(waiting())],
  ])('%s', (_, after, head, expected) => {
    expect(beginPosition(after, head)).toEqual(expected);
  });
});

const rows: [string, Position, PositionInput, PositionStep][] = [
  ['waiting hears the head and catches up', waiting(4, 2), ready(9), step(backfill(4, 2), 'fetch')],
  ['waiting hears it is at the head', waiting(9), ready(9), step(live, 'subscribe')],
  ['waiting goes on until delivery has come as far', waiting(10), ready(9), step(waiting(10))],
  ['waiting without a position reads anew', waiting(), ready(9), step(live, 'subscribe', 'interrupted')],
  [
    'waiting counts what was sent before',
    waiting(4, MAX_REPLAY - 4),
    ready(9),
    step(live, 'subscribe', 'behind'),
  ],
  ['waiting has asked for no page', waiting(4), page(9, 9), step(waiting(4))],
  ['waiting has asked for nothing', waiting(4), failed, step(waiting(4))],
  ['waiting ends', waiting(4), removed, step(ended, undefined, 'left')],

  ['backfill cuts over at the head', backfill(4), page(9, 9), step(live, 'subscribe')],
  ['backfill goes on', backfill(4), page(7, 9), step(backfill(7, 3), 'fetch')],
  ['backfill follows a head that moved', backfill(4), page(9, 12), step(backfill(9, 5), 'fetch')],
  ['backfill cuts over when others have nothing more', backfill(9, 3), page(9, 9), step(live, 'subscribe')],
  [
    'backfill gives up a head that runs away',
    backfill(4, MAX_REPLAY - 5),
    page(8, 12),
    step(live, 'subscribe', 'behind'),
  ],
  ['backfill waits while delivery starts anew', backfill(4), page(4, undefined), step(waiting(4))],
  ['backfill tries again after an empty page', backfill(4), page(4, 9), step(backfill(4, 0, 1), 'retry')],
  ['backfill tries again after a failure', backfill(4, 0, 1), failed, step(backfill(4, 0, 2), 'retry')],
  ['backfill forgets failures once it moves', backfill(4, 0, 3), page(5, 9), step(backfill(5, 1), 'fetch')],
  ['backfill gives up', backfill(4, 0, MAX_FAILURES - 1), failed, step(live, 'subscribe', 'unavailable')],
  ['backfill is refused for good', backfill(4), failedForGood, step(ended, undefined, 'left')],
  ['backfill knows the head itself', backfill(4), ready(12), step(backfill(4))],
  ['backfill ends', backfill(4), removed, step(ended, undefined, 'left')],

  ['live stays', live, ready(9), step(live)],
  ['live has asked for no page', live, page(4, 9), step(live)],
  ['live has asked for nothing', live, failedForGood, step(live)],
  ['live ends', live, removed, step(ended, 'unsubscribe', 'left')],

  ['ended stays', ended, ready(9), step(ended)],
  ['ended takes no page', ended, page(4, 9), step(ended)],
  ['ended cannot fail', ended, failed, step(ended)],
  ['ended ends once', ended, removed, step(ended)],
];

it('has a row for every state and every input', () => {
  const covered = new Set(rows.map(([, position, input]) => `${position.tag} ${input.tag}`));
  const all = [waiting(), backfill(1), live, ended].flatMap((position) =>
    [ready(1), page(1, 1), failed, removed].map((input) => `${position.tag} ${input.tag}`),
  );
  expect([...covered].sort()).toEqual(all.sort());
});

describe('a position that is', () => {
  it.each(rows)('%s', (_, position, input, expected) => {
    expect(stepPosition(position, input)).toEqual(expected);
  });
});

/** A log, delivery that follows it, and one session that catches up by pages whose answers come late. */
type Happening =
  | { tag: 'append'; count: number }
  | { tag: 'deliver'; count: number }
  | { tag: 'answer'; limit: number; room: number; fails: boolean }
  | { tag: 'restart' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ tag: fc.constant('append' as const), count: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ tag: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    tag: fc.constant('answer' as const),
    limit: fc.integer({ min: 1, max: 5 }),
    room: fc.integer({ min: 1, max: 5 }),
    fails: fc.boolean(),
  }),
  fc.record({ tag: fc.constant('restart' as const) }),
);

it('sends a run without gap or repeat from the given position on, or says that it does not', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(25), fc.array(happening, { maxLength: 60 }), (after, more, happenings) => {
      const world = openWorld(after, Math.max(0, after - 3), after + more);
      for (const it of happenings) world.happen(it);
      world.heal();
      // Everything up to the end of the log, or from where the client was last told to go on.
      expect(world.state().position).toEqual(live);
      expect(world.state().next).toBe(world.state().log + 1);
    }),
    { numRuns: 2_000 },
  );
});

/** Delivery may begin behind the session: another gateway was faster. */
function openWorld(after: number, delivered: number, initialLog: number) {
  let log = initialLog;
  let published: number | undefined = delivered;
  let next = after + 1;
  let position: Position = live;
  let asked = false;

  const carryOut = (taken: PositionStep): void => {
    position = taken.position;
    if (taken.effect === 'fetch' || taken.effect === 'retry') asked = true;
    // What a client does when it is told so: it reads up to here by itself.
    if (taken.resync !== undefined) next = (published as number) + 1;
    if (taken.effect === 'subscribe') expect(next).toBe((published as number) + 1);
  };
  const receive = (seq: number): void => {
    expect(seq).toBe(next);
    next++;
  };
  const deliver = (count: number): void => {
    for (let i = 0; i < count && published !== undefined && published < log; i++) {
      published++;
      if (position.tag === 'live') receive(published);
      if (position.tag === 'waiting') carryOut(stepPosition(position, ready(published)));
    }
  };
  const answer = (limit: number, room: number, fails: boolean): void => {
    if (!asked || position.tag !== 'backfill') return;
    asked = false;
    if (fails) return carryOut(stepPosition(position, failed));
    let last = position.after;
    for (let seq = position.after + 1; seq <= Math.min(log, position.after + limit); seq++) {
      if (published === undefined || seq > published || last - position.after >= room) break;
      receive(seq);
      last = seq;
    }
    carryOut(stepPosition(position, page(last, published)));
  };
  const resume = (): void => {
    if (published !== undefined) return;
    published = log;
    if (position.tag === 'live') next = published + 1;
    if (position.tag === 'waiting') carryOut(stepPosition(position, ready(published)));
  };

  carryOut(beginPosition(after, published));
  return {
    happen(it: Happening): void {
      if (it.tag === 'append') log += it.count;
      else if (it.tag === 'deliver') deliver(it.count);
      else if (it.tag === 'answer') answer(it.limit, it.room, it.fails);
      else if (published === undefined) resume();
      else published = undefined;
    },
    heal(): void {
      resume();
      deliver(Number.POSITIVE_INFINITY);
      while (position.tag === 'backfill') answer(100, 100, false);
    },
    state: () => ({ position, next, log }),
  };
}
