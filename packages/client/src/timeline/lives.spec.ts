import type { LiveEvent } from '@parley/domain/wire/live';
import type { ConversationDetail, MessageView } from '@parley/domain/wire/views';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRosters } from '../conversations/rosters.js';
import { RefusalError } from '../refusal-error.js';
import { text } from '../testing/model-conversation.js';
import { smallCore } from '../testing/small-core.js';
import { createNotes } from './notes.js';
import { openTimeline } from './open-timeline.js';

const NOON = 1_700_000_000_000;

const view = (seq: number, more: Partial<MessageView> = {}): MessageView => ({
  seq,
  ordinal: seq,
  author: 'bob',
  at: NOON,
  body: text(`message ${seq}`),
  ...more,
});

const sent = (seq: number, data: object = {}, actor = 'bob', commandId = `c${seq}`): LiveEvent => ({
  conversationId: 'c',
  seq,
  type: 'message.sent',
  at: Date.now(),
  actor,
  commandId,
  data: { ordinal: seq, body: text(`message ${seq}`), ...data },
});

/** ann looks at a conversation of two messages on a server that answers as it is told. */
async function look(
  messages: readonly MessageView[] = [view(1), view(2)],
  conversation: Partial<ConversationDetail> = {},
) {
  const far = {
    messages,
    isThere: true,
    seq: 2,
    /** Answers of sends wait until it is called. */
    answer: (): void => undefined,
  };
  const small = smallCore((method, params) => {
    if (!far.isThere) throw new RefusalError('ConversationNotFound');
    if (method === 'message.list') return { messages: far.messages, hasMore: false, revision: far.seq };
    if (method === 'message.send')
      return new Promise((resolve) => {
        far.answer = () => resolve({ conversationId: 'c', seq: ++far.seq, at: Date.now() });
      });
    if (method === 'conversation.get')
      return {
        conversationId: 'c',
        kind: 'group',
        role: 'owner',
        ttl: null,
        closed: false,
        members: [],
        memberCount: 2,
        revision: far.seq,
        hasMoreMembers: false,
        ...conversation,
      };
    return { watermarks: [], ...params };
  });
  const { core } = small;
  core.time.learn(NOON, 0);
  const timeline = openTimeline(
    {
      core,
      rosters: createRosters(core),
      marks: { delivered: () => undefined, read: () => undefined, close: () => undefined },
      typing: { typing: () => undefined, sent: () => undefined },
      notes: createNotes(core),
    },
    'c',
  );
  await settle();
  const said = () => timeline.snapshot().items.map(({ body }) => (body?.kind === 'text' ? body.text : null));
  return { far, timeline, said, ...small };
}

const settle = () => vi.advanceTimersByTimeAsync(5);

beforeEach(() => void vi.useFakeTimers({ now: NOON }));
afterEach(() => void vi.useRealTimers());

describe('a message with an end', () => {
  it('goes at that moment, also without a connection', async () => {
    const { become, said } = await look([view(1), view(2, { expiresAt: NOON + 5_000 })]);
    become('waiting');
    await vi.advanceTimersByTimeAsync(4_994);
    expect(said()).toEqual(['message 1', 'message 2']);
    await vi.advanceTimersByTimeAsync(1);
    expect(said()).toEqual(['message 1']);
  });

  it('is not there for a moment where it has ended when it comes', async () => {
    const { tell, said, timeline } = await look();
    const shown: number[] = [];
    timeline.subscribe(() => void shown.push(said().length));
    tell('event', sent(3, { expiresAt: Date.now() }));
    await vi.advanceTimersByTimeAsync(200);
    expect([...new Set(shown)]).toEqual([2]);
    expect(said()).toEqual(['message 1', 'message 2']);
  });

  it('comes back where the clock was wrong when it went', async () => {
    const { core, far, said } = await look([view(1), view(2, { expiresAt: NOON + 5_000 })]);
    core.time.learn(NOON + 10_000, 0);
    core.ends.wake();
    expect(said()).toEqual(['message 1']);
    core.time.learn(NOON, 0);
    await settle();
    expect(far.messages.length).toBe(2);
    expect(said()).toEqual(['message 1', 'message 2']);
  });
});

describe('a message of mine', () => {
  it('lives from when the server took it, however long it waited', async () => {
    const { far, timeline, said } = await look();
    timeline.send({ body: text('mine'), ttl: 5 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(timeline.snapshot().items.at(-1)).toMatchObject({ progress: 'pending' });
    far.answer();
    await settle();
    const { expiresAt = 0 } = timeline.snapshot().items.at(-1) ?? {};
    expect(expiresAt - Date.now()).toBeGreaterThan(4_900);
    // The line breaks: its event never comes.
    await vi.advanceTimersByTimeAsync(5_000);
    expect(said()).toEqual(['message 1', 'message 2']);
  });

  it('lives as long as the conversation has it, unless it asks for less', async () => {
    const { far, timeline } = await look([], { ttl: 3_600 });
    const lifeOfNext = async (ttl?: number): Promise<number> => {
      timeline.send({ body: text('mine'), ...(ttl === undefined ? {} : { ttl }) });
      await settle();
      far.answer();
      await settle();
      const { at = 0, expiresAt = 0 } = timeline.snapshot().items.at(-1) ?? {};
      return expiresAt - at;
    };
    expect(await lifeOfNext()).toBe(3_600_000);
    expect(await lifeOfNext(60)).toBe(60_000);
  });

  it('stays, refused, where its conversation was erased meanwhile', async () => {
    const { far, timeline, tell } = await look();
    far.isThere = false;
    tell('event', { ...sent(3), type: 'conversation.erased', data: {} });
    timeline.send({ body: text('too late') });
    await settle();
    const { items, isErased, isMember } = timeline.snapshot();
    expect([isErased, isMember]).toEqual([true, false]);
    expect(items).toMatchObject([{ progress: 'failed', refusal: { tag: 'ConversationNotFound' } }]);
  });
});

describe('a conversation', () => {
  it('that was erased while I was away says so when I come back', async () => {
    const { far, timeline, tell } = await look();
    far.isThere = false;
    tell('resync', { conversationId: 'c', reason: 'left' });
    await settle();
    expect(timeline.snapshot()).toMatchObject({ isErased: true, isMember: false });
  });

  it('that never was is not called erased', async () => {
    const { far, timeline, become } = await look([]);
    expect(timeline.snapshot().isErased).toBe(false);
    far.isThere = false;
    become('waiting');
    expect(timeline.snapshot().isErased).toBe(false);
  });

  it('shows nothing from its own end on, also without a connection', async () => {
    const { timeline, become, said } = await look(undefined, { expiresAt: NOON + 5_000 });
    become('waiting');
    await vi.advanceTimersByTimeAsync(4_990);
    expect(said().length).toBe(2);
    await vi.advanceTimersByTimeAsync(10);
    expect(timeline.snapshot()).toMatchObject({ items: [], isErased: true });
  });

  it('has lines for what was changed about it, and none after it is erased', async () => {
    const { timeline, tell } = await look();
    const happens = (seq: number, type: LiveEvent['type'], data: object): void =>
      tell('event', { ...sent(seq), type, data: data as LiveEvent['data'] });
    happens(3, 'conversation.ttlSet', { ttl: 60 });
    happens(4, 'message.pinned', { seq: 1 });
    happens(5, 'message.reacted', { seq: 1, emoji: '+1', removed: false });
    happens(6, 'conversation.held', { reason: 'a case' });
    expect(timeline.snapshot().notes.map(({ seq }) => seq)).toEqual([3, 4, 6]);
    happens(7, 'conversation.erased', {});
    expect(timeline.snapshot().notes).toEqual([]);
  });
});

describe('a body that is locked', () => {
  const locked = view(2, { body: null, sealed: 'locked' });

  it('is asked for again until it is opened', async () => {
    const { far, said } = await look([view(1), locked]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(said()).toEqual(['message 1', null]);
    far.messages = [view(1), view(2)];
    await vi.advanceTimersByTimeAsync(8_000);
    expect(said()).toEqual(['message 1', 'message 2']);
  });

  it('is asked for eight times, and again with the next session', async () => {
    const { asked, become } = await look([view(1), locked]);
    const pages = () => asked.filter(({ method }) => method === 'message.list').length;
    const before = pages();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(pages()).toBe(before + 8);
    become('waiting');
    become('open');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(pages()).toBeGreaterThanOrEqual(before + 16);
  });

  it('is not asked for once it is gone for good', async () => {
    const { asked, timeline } = await look([view(1), view(2, { body: null, sealed: 'gone' })]);
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked.length).toBe(before);
    expect(timeline.snapshot().items.at(-1)).toMatchObject({ body: null, sealed: 'gone' });
  });
});
