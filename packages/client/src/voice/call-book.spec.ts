import type { CallNow } from '@parley/domain/wire/calls';
import type { LiveEvent } from '@parley/domain/wire/live';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientEvents } from '../client-events.js';
import type { ConnectionState } from '../connection-state.js';
import { createListeners } from '../listeners.js';
import { RefusalError } from '../refusal-error.js';
import { type CallBook, createCallBook, whyOut } from './call-book.js';

let listeners: ReturnType<typeof createListeners<ClientEvents>>;
let answers: (() => Promise<CallNow>)[];
let asked: number;
let state: ConnectionState;
let book: CallBook;

beforeEach(() => {
  listeners = createListeners<ClientEvents>();
  answers = [];
  asked = 0;
  state = { tag: 'open', failures: 0 };
  book = createCallBook({
    call: (() => {
      asked++;
      return (answers.shift() ?? (() => Promise.reject(new RefusalError('Unavailable'))))();
    }) as never,
    on: listeners.on,
    state: () => state,
  });
});
afterEach(() => book.close());

const happen = (seq: number, type: string, data: object, actor = 'ann'): LiveEvent => {
  const event = { conversationId: 'c', seq, type, at: seq, actor, commandId: `k${seq}`, data } as LiveEvent;
  listeners.emit('event', event);
  return event;
};
const started = () => happen(5, 'call.started', { media: 'voice', device: 'd', p2pMax: 2 });
const people = () => [...(book.of('c')?.participants.values() ?? [])].map(({ user }) => user);
const settled = () => new Promise((resolve) => setTimeout(resolve));

const going = (revision: number, ...users: readonly string[]): CallNow => ({
  revision,
  call: {
    call: 5,
    media: 'voice',
    by: 'ann',
    at: 5,
    p2pMax: 2,
    topology: 'p2p',
    participants: users.map((user, n) => ({ participant: 5 + n, user, device: 'd', at: 5 })),
    muted: [],
    broadcast: null,
  },
});

describe('the calls a client knows', () => {
  it('are folded from what it hears', () => {
    started();
    happen(6, 'call.joined', { call: 5, device: 'd' }, 'bob');
    happen(7, 'call.joined', { call: 5, device: 'd' }, 'cid');
    expect(people()).toEqual(['ann', 'bob', 'cid']);
    expect(book.of('c')?.topology).toBe('sfu');
    happen(8, 'call.ended', { call: 5 });
    expect(book.of('c')).toBeUndefined();
    expect(book.all().size).toBe(0);
  });

  it('are asked for where somebody joins one that began before', async () => {
    answers.push(() => Promise.resolve(going(9, 'ann', 'bob')));
    happen(9, 'call.joined', { call: 5, device: 'd' }, 'bob');
    await settled();
    expect(people()).toEqual(['ann', 'bob']);
  });

  it('fold what came while they were asked for, and not what the answer has seen', async () => {
    let answer: (now: CallNow) => void = () => undefined;
    answers.push(() => new Promise((resolve) => (answer = resolve)));
    const read = book.read('c');
    happen(6, 'call.joined', { call: 5, device: 'd' }, 'bob');
    happen(7, 'call.left', { call: 5, participant: 5, user: 'ann', why: 'left' }, 'ann');
    answer(going(6, 'ann', 'bob'));
    await read;
    expect(people()).toEqual(['bob']);
    expect(book.revision('c')).toBe(7);
  });

  it('are asked for again when more came meanwhile than is kept', async () => {
    let answer: (now: CallNow) => void = () => undefined;
    answers.push(
      () => new Promise((resolve) => (answer = resolve)),
      () => Promise.resolve(going(1_500, 'ann', 'bob', 'cid')),
    );
    const read = book.read('c');
    for (let seq = 7; seq < 1_500; seq++) happen(seq, 'message.sent', {});
    happen(1_500, 'call.joined', { call: 5, device: 'd' }, 'cid');
    answer(going(6, 'ann', 'bob'));
    await read;
    expect(people()).toEqual(['ann', 'bob', 'cid']);
  });

  it('are asked for again when somebody is banned, because the event does not say who', async () => {
    started();
    happen(6, 'call.joined', { call: 5, device: 'd' }, 'bob');
    answers.push(() => Promise.resolve(going(7, 'ann')));
    happen(7, 'member.banned', {});
    await settled();
    expect(people()).toEqual(['ann']);
  });

  it('are asked for again when events were missed', async () => {
    started();
    answers.push(() => Promise.resolve({ revision: 20 }));
    listeners.emit('resync', { conversationId: 'c', reason: 'behind' });
    await settled();
    expect(book.of('c')).toBeUndefined();
  });

  it('are waited for by their event, and asked for where it does not come', async () => {
    const first = book.until('c', 5);
    started();
    expect((await first).call).toBe(5);
    answers.push(() => Promise.resolve({ revision: 30 }));
    await expect(book.until('c', 31)).rejects.toMatchObject({ tag: 'CallNotFound' });
  });
});

describe('a read that the book itself needs', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(1);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  const refuse = (...refusals: readonly RefusalError[]) =>
    answers.push(...refusals.map((refusal) => () => Promise.reject(refusal)));
  const annBansBob = async () => {
    started();
    happen(6, 'call.joined', { call: 5, device: 'd' }, 'bob');
    happen(7, 'member.banned', {});
    await pass(0);
  };

  it('is tried again after a ban until it is answered, ever later', async () => {
    await annBansBob();
    expect(people()).toEqual(['ann', 'bob']);
    for (const wait of [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      const before = asked;
      await pass(wait - 1);
      expect(asked).toBe(before);
      await pass(1);
      expect(asked).toBe(before + 1);
    }
    answers.push(() => Promise.resolve(going(7, 'ann')));
    await pass(5_000);
    expect(people()).toEqual(['ann']);
    const before = asked;
    await pass(60_000);
    expect(asked).toBe(before);
  });

  it('is tried again where somebody joins a call that began before', async () => {
    happen(9, 'call.joined', { call: 5, device: 'd' }, 'bob');
    await pass(0);
    answers.push(() => Promise.resolve(going(9, 'ann', 'bob')));
    await pass(250);
    expect(people()).toEqual(['ann', 'bob']);
  });

  it('is tried again where events were missed', async () => {
    started();
    listeners.emit('resync', { conversationId: 'c', reason: 'behind' });
    await pass(0);
    answers.push(() => Promise.resolve({ revision: 20 }));
    await pass(250);
    expect(book.of('c')).toBeUndefined();
  });

  it('is tried again where more came meanwhile than is kept', async () => {
    let refuseLate: (refusal: RefusalError) => void = () => undefined;
    answers.push(
      () => new Promise((_, reject) => (refuseLate = reject)),
      () => Promise.resolve(going(1_500, 'ann', 'bob', 'cid')),
    );
    started();
    const read = expect(book.read('c')).rejects.toMatchObject({ tag: 'Unavailable' });
    for (let seq = 6; seq < 1_500; seq++) happen(seq, 'message.sent', {});
    happen(1_500, 'call.joined', { call: 5, device: 'd' }, 'cid');
    refuseLate(new RefusalError('Unavailable'));
    await read;
    await pass(0);
    expect(people()).toEqual(['ann', 'bob', 'cid']);
  });

  it('waits as long as the refusal says', async () => {
    refuse(new RefusalError('RateLimited', undefined, { retryAfterMs: 9_000 }));
    await annBansBob();
    await pass(8_999);
    expect(asked).toBe(1);
    await pass(1);
    expect(asked).toBe(2);
  });

  it('is tried again where it was asked with a token that was over by then', async () => {
    refuse(new RefusalError('TokenExpired'));
    await annBansBob();
    answers.push(() => Promise.resolve(going(7, 'ann')));
    await pass(250);
    expect(people()).toEqual(['ann']);
  });

  it('asks no more often because more happens', async () => {
    await annBansBob();
    happen(8, 'member.banned', {});
    listeners.emit('resync', { conversationId: 'c', reason: 'behind' });
    await pass(0);
    expect(asked).toBe(1);
  });

  it('is done where somebody else has read it meanwhile, but for who was banned while they did', async () => {
    await annBansBob();
    let answer: (now: CallNow) => void = () => undefined;
    answers.push(() => new Promise((resolve) => (answer = resolve)));
    const read = book.read('c');
    happen(8, 'member.banned', {});
    answers.push(() => Promise.resolve(going(8, 'ann')));
    answer(going(7, 'ann', 'cid'));
    await read;
    await pass(0);
    expect(people()).toEqual(['ann']);
    expect(asked).toBe(3);
    await pass(60_000);
    expect(asked).toBe(3);
  });

  it.each([
    ['the refusal is final', () => refuse(new RefusalError('ConversationNotFound')), 2],
    ['the call has ended', () => void happen(8, 'call.ended', { call: 5 }), 1],
    [
      'the client has stopped',
      () => {
        state = { tag: 'stopped' };
      },
      1,
    ],
    ['the book is closed', () => book.close(), 1],
  ])('is given up when %s', async (_, end, times) => {
    await annBansBob();
    end();
    await pass(60_000);
    expect(asked).toBe(times);
  });

  it('is given up when the book is closed before it is refused', async () => {
    let refuseLate: (refusal: RefusalError) => void = () => undefined;
    answers.push(() => new Promise((_, reject) => (refuseLate = reject)));
    await annBansBob();
    book.close();
    refuseLate(new RefusalError('Unavailable'));
    await pass(60_000);
    expect(asked).toBe(1);
  });
});

describe('why somebody is out of a call', () => {
  const me = { call: 5, participant: 6, user: 'bob', device: 'd' };
  const why = (seq: number, type: string, data: object, actor?: string) => {
    const event = happen(seq, type, data, actor);
    return whyOut({ now: book.of('c'), event }, me);
  };

  it.each([
    [undefined, 'message.sent', { ordinal: 1 }, 'ann'],
    ['left', 'call.left', { call: 5, participant: 6, user: 'bob', why: 'left' }, 'bob'],
    ['lost', 'call.left', { call: 5, participant: 6, user: 'bob', why: 'lost' }, '@system'],
    ['removed', 'call.left', { call: 5, participant: 6, user: 'bob', why: 'removed' }, 'ann'],
    ['replaced', 'call.joined', { call: 5, device: 'd' }, 'bob'],
    ['removed', 'member.removed', { users: ['bob'] }, 'ann'],
    ['ended', 'call.ended', { call: 5 }, 'ann'],
    ['ended', 'conversation.closed', {}, 'ann'],
  ])('is said as %s by %s', (expected, type, data, actor) => {
    started();
    happen(6, 'call.joined', { call: 5, device: 'd' }, 'bob');
    expect(why(7, type, data, actor)).toBe(expected);
  });
});
