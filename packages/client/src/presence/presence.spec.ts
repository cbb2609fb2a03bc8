import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { smallCore } from '../testing/small-core.js';
import { createPeople } from './people.js';
import { createTypingTeller } from './typing-teller.js';
import { createTypists } from './typists.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const soon = () => vi.advanceTimersByTimeAsync(5);

describe('people', () => {
  const online = (users: readonly string[]) => ({
    people: users.map((user) => ({ user, status: 'online' })),
  });
  const watched = () => smallCore((_method, { users }) => online(users as string[]));

  it('are watched together, while somebody listens', async () => {
    const { core, asked } = watched();
    const people = createPeople(core);
    const offs = ['bob', 'cid'].map((user) => people.presence(user).subscribe(() => undefined));
    people.presence('dan');
    await soon();
    expect(asked).toEqual([{ method: 'presence.watch', params: { users: ['bob', 'cid'] } }]);
    expect(people.presence('bob').snapshot().status).toBe('online');
    expect(people.presence('dan').snapshot().status).toBe('unknown');
    offs[0]?.();
    await soon();
    expect(asked.at(-1)?.params).toEqual({ users: ['cid'] });
    expect(people.presence('bob').snapshot().status).toBe('unknown');
  });

  it('are unknown beyond 500, until there is room', async () => {
    const { core, asked } = watched();
    const people = createPeople(core);
    const offs = Array.from({ length: 501 }, (_, n) => people.presence(`u${n}`).subscribe(() => undefined));
    await soon();
    expect(asked.at(-1)?.params.users).toHaveLength(500);
    expect(people.presence('u500').snapshot().status).toBe('unknown');
    offs[0]?.();
    await soon();
    expect(people.presence('u500').snapshot().status).toBe('online');
  });

  it('are unknown while there is no connection, and watched again after it', async () => {
    const { core, asked, become, tell } = watched();
    const people = createPeople(core);
    people.presence('bob').subscribe(() => undefined);
    await soon();
    tell('presence', { people: [{ user: 'bob', status: 'away' }] });
    expect(people.presence('bob').snapshot().status).toBe('away');
    become('waiting');
    expect(people.presence('bob').snapshot().status).toBe('unknown');
    become('open');
    await soon();
    expect(asked.length).toBe(2);
    expect(people.presence('bob').snapshot().status).toBe('online');
  });
});

describe('those who type', () => {
  const typing = (user: string, expiresInMs = 6_000) => ({ conversationId: 'c', user, expiresInMs });

  it('are named until they stop, send, or are not heard of in time', async () => {
    const { core, tell } = smallCore(() => ({}));
    const typists = createTypists(core);
    expect(typists.typing('c').snapshot()).toEqual([]);
    const store = typists.typing('c');
    expect(store.snapshot()).toEqual([]);
    for (const user of ['cid', 'bob', 'dan', 'ann']) tell('typing', typing(user));
    expect(store.snapshot()).toEqual(['bob', 'cid', 'dan']);
    expect(store.snapshot()).toBe(store.snapshot());
    tell('typing', typing('bob', 0));
    tell('event', {
      conversationId: 'c',
      seq: 1,
      type: 'message.sent',
      at: 1,
      actor: 'cid',
      commandId: 'x',
      data: {},
    });
    expect(typists.at('c')).toEqual(['dan']);
    await vi.advanceTimersByTimeAsync(6_001);
    expect(typists.at('c')).toEqual([]);
  });

  it('are not named for longer, nor silent, because the clock was set back', async () => {
    const { core, tell, asked } = smallCore(() => ({}));
    const typists = createTypists(core);
    const teller = createTypingTeller(core);
    tell('typing', typing('bob'));
    teller.typing('c', true);
    vi.setSystemTime(Date.now() - 3_600_000);
    tell('typing', typing('cid'));
    await vi.advanceTimersByTimeAsync(6_001);
    teller.typing('c', true);
    expect(typists.at('c')).toEqual([]);
    expect(asked.map(({ params }) => params.typing)).toEqual([true, true]);
  });

  it('say so again while they do, and once when they stop', async () => {
    const { core, asked } = smallCore(() => ({}));
    const teller = createTypingTeller(core);
    for (let key = 0; key < 50; key++) {
      teller.typing('c', true);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(asked.map(({ params }) => params.typing)).toEqual([true, true]);
    teller.typing('c', false);
    teller.typing('c', false);
    expect(asked.map(({ params }) => params.typing)).toEqual([true, true, false]);
    teller.typing('c', true);
    teller.sent('c');
    teller.typing('c', false);
    expect(asked.length).toBe(4);
  });
});
