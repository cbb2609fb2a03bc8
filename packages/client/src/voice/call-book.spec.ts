import type { CallNow } from '@parley/domain/wire/calls';
import type { LiveEvent } from '@parley/domain/wire/live';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClientEvents } from '../client-events.js';
import { createListeners } from '../listeners.js';
import { RefusalError } from '../refusal-error.js';
import { type CallBook, createCallBook, whyOut } from './call-book.js';

let listeners: ReturnType<typeof createListeners<ClientEvents>>;
let answers: (() => Promise<CallNow>)[];
let book: CallBook;

beforeEach(() => {
  listeners = createListeners<ClientEvents>();
  answers = [];
  book = createCallBook({
    call: (() => (answers.shift() ?? (() => Promise.reject(new RefusalError('Unavailable'))))()) as never,
    on: listeners.on,
    state: () => ({ tag: 'open', failures: 0 }),
  });
});

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
