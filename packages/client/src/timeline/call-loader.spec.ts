import type { CallView } from '@parley/domain/wire/calls';
import type { LiveEvent } from '@parley/domain/wire/live';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unavailable } from '../refusal-error.js';
import { smallCore } from '../testing/small-core.js';
import { createCallLoader } from './call-loader.js';
import { emptyWindow, type Window } from './window.js';

const view = (call: number, endedAt?: number): CallView => ({
  call,
  media: 'voice',
  by: 'bob',
  at: call,
  joined: false,
  people: 1,
  participants: [{ user: 'bob', device: 'd', joinedAt: call }],
  ...(endedAt === undefined ? {} : { endedAt }),
});
const ongoing = (call: number) => ({
  call,
  media: 'voice',
  by: 'bob',
  at: call,
  p2pMax: 4,
  topology: 'p2p',
  participants: [{ participant: call, user: 'bob', device: 'd', at: call }],
  muted: [],
  broadcast: null,
});
const shows = (from: number, to?: number): Window => ({ ...emptyWindow, isRead: true, from, to });
const event = (seq: number, type: string, data: object, actor = 'bob') =>
  ({ conversationId: 'c', seq, type, at: seq, actor, commandId: `x-${seq}`, data }) as LiveEvent;

/** A server that has these calls; `now` is the one that goes on. */
function open(calls: () => readonly CallView[], now: () => object = () => ({ revision: 100 })) {
  let refusing: boolean | 'lists' = false;
  const far = smallCore((method, { after = 0, before = Number.POSITIVE_INFINITY }) => {
    if (refusing === true || (refusing === 'lists' && method === 'call.list')) throw unavailable('not now');
    if (method === 'call.get') return now();
    const found = calls().filter(({ call }) => call > (after as number) && call < (before as number));
    return { calls: found.slice(0, 2), hasMore: found.length > 2, revision: 100 };
  });
  let changes = 0;
  const loader = createCallLoader(far.core, 'c', () => void changes++);
  return {
    ...far,
    loader,
    refuse(isRefusing: boolean | 'lists') {
      refusing = isRefusing;
    },
    asked: () => far.asked.splice(0).map(({ method, params }) => [method, params.after, params.before]),
    seqs: (window: Window) => loader.within(window).map(({ seq }) => seq),
    get changes() {
      return changes;
    },
  };
}
const settle = () => vi.advanceTimersByTimeAsync(5);

describe('the calls that a window shows', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are asked for once for each page, and are those between its messages', async () => {
    const { loader, asked, seqs } = open(() => [view(90, 95), view(60, 65), view(30, 35)]);
    loader.look(shows(50), true);
    await settle();
    expect(asked()).toEqual([
      ['call.list', 49, undefined],
      ['call.get', undefined, undefined],
    ]);
    expect(seqs(shows(50))).toEqual([60, 90]);
    loader.look(shows(20), false);
    loader.look(shows(20), false);
    await settle();
    expect(asked()).toEqual([['call.list', 19, 50]]);
    expect(seqs(shows(20))).toEqual([30, 60, 90]);
    expect(seqs(shows(20, 40))).toEqual([30]);
    expect(loader.within(shows(20))).toBe(loader.within(shows(20)));
  });

  it('come in as many lists as it takes', async () => {
    const { loader, seqs, asked } = open(() => [90, 80, 70, 60, 50].map((call) => view(call, call + 1)));
    loader.look(shows(1), true);
    await settle();
    expect(seqs(shows(1))).toEqual([50, 60, 70, 80, 90]);
    expect(asked().filter(([method]) => method === 'call.list')).toHaveLength(3);
  });

  it('change by events: one that begins, is joined and ends, and one that is missed', async () => {
    const { loader } = open(() => []);
    loader.look(shows(1), true);
    await settle();
    loader.onEvent(event(101, 'call.started', { media: 'video', device: 'd', p2pMax: 4 }));
    expect(loader.within(shows(1))).toMatchObject([{ seq: 101, state: 'ongoing', people: 1, joined: false }]);
    loader.onEvent(event(102, 'call.joined', { call: 101, device: 'd' }, 'ann'));
    expect(loader.within(shows(1))).toMatchObject([{ joined: true, people: 2, users: ['bob', 'ann'] }]);
    loader.onEvent(event(103, 'call.ended', { call: 101 }));
    loader.onEvent(event(104, 'call.started', { media: 'voice', device: 'd', p2pMax: 4 }));
    loader.onEvent(event(105, 'call.left', { call: 104, participant: 104, user: 'bob', why: 'lost' }));
    expect(loader.within(shows(1))).toMatchObject([
      { seq: 101, state: 'ended', endedAt: 103 },
      { seq: 104, state: 'missed', endedAt: 105 },
    ]);
  });

  it('know the end that was told while the rows were behind it', async () => {
    const { loader } = open(
      () => [view(60)],
      () => ({ revision: 100, call: ongoing(60) }),
    );
    loader.look(shows(50), true);
    loader.onEvent(event(101, 'call.ended', { call: 60 }));
    await settle();
    expect(loader.within(shows(50))).toMatchObject([{ seq: 60, state: 'missed', endedAt: 101 }]);
  });

  it('are asked for again while the log knows of an end that the rows do not', async () => {
    let calls = [view(60)];
    const { loader, asked } = open(() => calls);
    loader.look(shows(50), true);
    await settle();
    expect(loader.within(shows(50))).toMatchObject([{ state: 'ongoing' }]);
    asked();
    calls = [view(60, 70)];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(loader.within(shows(50))).toMatchObject([{ state: 'missed', endedAt: 70 }]);
    asked();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked()).toEqual([]);
  });

  it('are asked for anew when somebody is banned while a call goes on, since events do not say who', async () => {
    const far = open(
      () => [view(60)],
      () => ({ revision: 100, call: ongoing(60) }),
    );
    far.loader.look(shows(50), true);
    await settle();
    far.asked();
    far.loader.onEvent(event(101, 'member.banned', {}));
    await settle();
    expect(far.asked()).toHaveLength(2);
  });

  it('are the one that goes on alone, where rows have none yet', async () => {
    const far = open(
      () => [view(55, 57), view(60)],
      () => ({ revision: 100, call: ongoing(60) }),
    );
    far.refuse('lists');
    far.loader.look(shows(50), true);
    await settle();
    expect(far.seqs(shows(50))).toEqual([60]);
    far.loader.onEvent(event(101, 'call.ended', { call: 60, reason: 'left' }));
    expect(far.loader.within(shows(50))).toMatchObject([{ seq: 60, state: 'missed', endedAt: 101 }]);
    far.refuse(false);
    far.loader.look(shows(50), false);
    await settle();
    expect(far.seqs(shows(50))).toEqual([55, 60]);
  });

  it('come with the next session where they were refused', async () => {
    const far = open(() => [view(60, 65)]);
    far.refuse(true);
    far.loader.look(shows(50), true);
    await settle();
    expect(far.seqs(shows(50))).toEqual([]);
    far.refuse(false);
    far.become('waiting');
    far.become('open');
    await settle();
    expect(far.seqs(shows(50))).toEqual([60]);
    far.loader.close();
    far.asked();
    far.become('open');
    await settle();
    expect(far.asked()).toEqual([]);
  });
});
