import type { ConversationView, MessageView } from '@parley/domain/wire/views';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStorage } from '../storage/memory-storage.js';
import { createEnds } from '../time/ends.js';
import { createServerTime } from '../time/server-time.js';
import { earliestEnd, keepList, withoutEnded } from './saved-list.js';

const NOON = 1_700_000_000_000;
const HOUR = 3_600_000;

const message = (expiresAt?: number): MessageView => ({
  seq: 2,
  ordinal: 1,
  author: 'bob',
  at: NOON,
  body: { kind: 'text', text: 'a secret' },
  ...(expiresAt === undefined ? {} : { expiresAt }),
});

const view = (id: string, preview: MessageView | null, expiresAt?: number): ConversationView => ({
  conversationId: id,
  kind: 'group',
  role: 'member',
  ttl: null,
  closed: false,
  memberCount: 2,
  revision: 2,
  lastActivityAt: NOON,
  unread: 1,
  read: 0,
  delivered: 2,
  preview,
  ...(expiresAt === undefined ? {} : { expiresAt }),
});

describe('the views of a list', () => {
  const views = [
    view('stays', message()),
    view('soon', message(NOON + 10)),
    view('over', message(), NOON + 20),
  ];

  it('say when the first of them ends', () => {
    expect(earliestEnd(views)).toBe(NOON + 10);
    expect(earliestEnd([view('stays', message())])).toBe(Number.POSITIVE_INFINITY);
  });

  it('lose previews and conversations at their ends, and are the same until then', () => {
    expect(withoutEnded(views, NOON + 9)).toBe(views);
    expect(withoutEnded(views, NOON + 10).map(({ preview }) => preview?.expiresAt)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(withoutEnded(views, NOON + 10)[1]?.preview).toBeNull();
    expect(withoutEnded(views, NOON + 20).map(({ conversationId }) => conversationId)).toEqual([
      'stays',
      'soon',
    ]);
  });
});

describe.each([0, HOUR, -HOUR])('a stored list, on a device whose clock is off by %i ms', (off) => {
  beforeEach(() => void vi.useFakeTimers({ now: NOON }));
  afterEach(() => void vi.useRealTimers());

  /** A life of the page: what it knows of the time is what was stored, unless it was told anew. */
  function life(storage: ReturnType<typeof memoryStorage>, saved?: unknown) {
    const time = createServerTime(() => ({ wall: Date.now() + off, steady: performance.now() }));
    time.restore(saved);
    const ends = createEnds(time, () => undefined);
    return { time, ends, keeper: keepList(Promise.resolve(storage), time, ends) };
  }

  it('holds no preview past its end, though nobody looks at it', async () => {
    const storage = memoryStorage();
    const { time, keeper } = life(storage);
    time.learn(NOON, 0);
    await keeper.save({ token: 't', views: [view('a', message(NOON + 5_000))] });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(JSON.stringify(await storage.get('list'))).toContain('secret');
    await vi.advanceTimersByTimeAsync(1);
    expect(JSON.stringify(await storage.get('list'))).not.toContain('secret');
  });

  it('is opened later, without a connection, without what has ended', async () => {
    const storage = memoryStorage();
    const first = life(storage);
    first.time.learn(NOON, 0);
    const views = [
      view('a', message(NOON + HOUR)),
      view('b', message(NOON + 3 * HOUR)),
      view('c', null, NOON + HOUR),
    ];
    await first.keeper.save({ token: 't', views });
    const saved = JSON.parse(JSON.stringify(first.time.saved()));
    first.ends.close();
    vi.setSystemTime(NOON + 2 * HOUR);
    const list = await life(storage, saved).keeper.load();
    expect(list?.views.map(({ conversationId, preview }) => [conversationId, preview?.seq])).toEqual([
      ['a', undefined],
      ['b', 2],
    ]);
    expect(await storage.get('list')).toEqual(list);
  });
});
