import type { LiveEvent } from '@parley/domain/wire/live';
import type { ConversationView, MessageView } from '@parley/domain/wire/views';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTypists } from '../presence/typists.js';
import { text } from '../testing/model-conversation.js';
import { smallCore } from '../testing/small-core.js';
import { createConversationList } from './create-list.js';

const NOON = 1_700_000_000_000;

const message = (said: string, more: Partial<MessageView> = {}): MessageView => ({
  seq: 2,
  ordinal: 1,
  author: 'bob',
  at: NOON,
  body: text(said),
  ...more,
});

const view = (more: Partial<ConversationView> = {}): ConversationView => ({
  conversationId: 'c',
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
  preview: message('hello'),
  ...more,
});

/** A list of one conversation, as the server has it whenever it is asked for all of it or for what has changed. */
async function list(first: ConversationView) {
  const far = { view: first, changed: [] as ConversationView[] };
  const small = smallCore((_method, { since }) => ({
    conversations: since === undefined ? [far.view] : far.changed.splice(0),
    left: [],
    token: 't',
    full: since === undefined,
    hasMore: false,
  }));
  small.core.time.learn(NOON, 0);
  const made = createConversationList({
    core: small.core,
    typists: createTypists(small.core),
    marks: { delivered: () => undefined, read: () => undefined, close: () => undefined },
    keeper: undefined,
  });
  await vi.advanceTimersByTimeAsync(5);
  const shown = () => made.snapshot().conversations.map(({ preview }) => preview?.body ?? null);
  const asksForAll = () => small.asked.filter(({ params }) => params.since === undefined).length;
  const unread = () => made.snapshot().unread;
  return { ...small, far, shown, unread, asksForAll };
}

const event = (seq: number, type: LiveEvent['type'], data: object): LiveEvent => ({
  conversationId: 'c',
  seq,
  type,
  at: Date.now(),
  actor: 'bob',
  commandId: `c${seq}`,
  data: data as LiveEvent['data'],
});

describe('the list', () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOON }));
  afterEach(() => void vi.useRealTimers());

  it('shows no preview past its end, also without a connection', async () => {
    const { become, shown, unread } = await list(
      view({ preview: message('short', { expiresAt: NOON + 5_000 }) }),
    );
    become('waiting');
    await vi.advanceTimersByTimeAsync(4_990);
    expect([shown(), unread()]).toEqual([[text('short')], 1]);
    await vi.advanceTimersByTimeAsync(10);
    expect([shown(), unread()]).toEqual([[null], 0]);
  });

  it('counts what ended once, whoever says so first', async () => {
    const { far, tell, unread, become } = await list(view({ unread: 0, read: 2, revision: 2 }));
    tell('event', event(3, 'message.sent', { ordinal: 2, body: text('stays') }));
    tell('event', event(4, 'message.sent', { ordinal: 3, body: text('short'), expiresAt: NOON + 5_000 }));
    expect(unread()).toBe(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(unread()).toBe(1);
    become('waiting');
    tell('event', event(5, 'message.expired', { ranges: [[4, 4]] }));
    expect([unread(), far.changed]).toEqual([1, []]);
  });

  it('shows the message before it once the tombstone is there', async () => {
    const preview = message('short', { expiresAt: NOON + 5_000 });
    const { far, shown, tell } = await list(view({ preview, unread: 0, read: 2 }));
    await vi.advanceTimersByTimeAsync(5_000);
    far.changed = [view({ revision: 3, preview: message('the one before', { seq: 1 }) })];
    tell('event', event(3, 'message.expired', { ranges: [[2, 2]] }));
    await vi.advanceTimersByTimeAsync(200);
    expect(shown()).toEqual([text('the one before')]);
  });

  it('asks for the message before it where a hold keeps the tombstone away', async () => {
    const hold = { reason: 'a case', since: NOON, by: 'olga' };
    const { far, shown } = await list(view({ hold, preview: message('short', { expiresAt: NOON + 5_000 }) }));
    far.view = view({ hold, preview: message('the one before', { seq: 1 }) });
    await vi.advanceTimersByTimeAsync(5_200);
    expect(shown()).toEqual([text('the one before')]);
  });

  it('does not ask for ever where a server goes on showing what has ended', async () => {
    const hold = { reason: 'a case', since: NOON, by: 'olga' };
    const { asksForAll } = await list(view({ hold, preview: message('short', { expiresAt: NOON + 5_000 }) }));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asksForAll()).toBeLessThanOrEqual(12);
  });

  it('has a conversation no longer than it lasts, and none that is erased', async () => {
    const ending = await list(view({ expiresAt: NOON + 5_000 }));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ending.shown()).toEqual([]);
    const erased = await list(view());
    erased.tell('event', event(3, 'conversation.erased', {}));
    expect(erased.shown()).toEqual([]);
  });

  it('asks again for a preview that is locked, a few times', async () => {
    const locked = view({ preview: message('', { body: null, sealed: 'locked' }) });
    const { far, shown, asksForAll } = await list(locked);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asksForAll()).toBeGreaterThan(5);
    expect(asksForAll()).toBeLessThanOrEqual(12);
    const other = await list(locked);
    other.far.view = view();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([far.view, shown(), other.shown()]).toEqual([locked, [null], [text('hello')]]);
  });

  it('shows again what a wrong clock has hidden', async () => {
    const { core, shown } = await list(view({ preview: message('short', { expiresAt: NOON + 5_000 }) }));
    core.time.learn(NOON + 10_000, 0);
    core.ends.wake();
    expect(shown()).toEqual([null]);
    core.time.learn(NOON, 0);
    await vi.advanceTimersByTimeAsync(200);
    expect(shown()).toEqual([text('short')]);
  });
});
