import { storeLog } from '@parley/infra/testing/store-log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { talk } from '@parley/projector/testing/big-log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MovedClockStack, openMovedClockStack, PARTITIONS } from './leaks/moved-clock-stack.js';
import { text } from './leaks/planted.js';

describe('the past of a conversation, asked of the API', { timeout: 60_000 }, () => {
  let stack: MovedClockStack;
  const conversationId = 'garden';

  beforeAll(async () => {
    stack = await openMovedClockStack();
    await stack.done('conversation.create', {
      conversationId,
      kind: 'group',
      members: ['bob'],
      title: 'Roses',
    });
    await stack.done('message.send', { conversationId, body: text('one') });
    await stack.done('message.send', { conversationId, body: text('two') }, 'bob');
    await stack.done('message.edit', { conversationId, seq: 2, body: text('won') });
    await stack.done('conversation.setTtl', { conversationId, ttl: 60 });
    await stack.done('member.add', { conversationId, users: ['cem'], role: 'admin' });
    const head = await stack.done('member.remove', { conversationId, users: ['bob'] });
    await stack.projected(conversationId, head);
  });
  afterAll(() => stack?.close());

  const ask = async (at: string | number, more: object = {}, user = 'ann') => {
    const { status, text: body } = await stack.ask(
      'conversation.get',
      { conversationId, at: `${at}`, ...more },
      user,
    );
    return { status, ...JSON.parse(body) };
  };

  it('shows people, roles, life of messages, timeline and unread as they were', async () => {
    expect(await ask(3)).toMatchObject({
      status: 200,
      revision: 3,
      title: 'Roses',
      ttl: null,
      role: 'owner',
      memberCount: 2,
      members: [
        { user: 'ann', role: 'owner', since: 1, read: 2, unread: 1, exact: true },
        // Bob is no member by now; of his receipts nothing is known, which may be because they were erased.
        { user: 'bob', role: 'member', since: 1, read: 3, unread: 0, exact: false },
      ],
      past: {
        seq: 3,
        head: 7,
        incomplete: false,
        hasMoreMessages: false,
        messages: [
          { seq: 2, author: 'ann', body: text('one') },
          { seq: 3, author: 'bob', body: text('two') },
        ],
      },
    });
    expect(await ask(7)).toMatchObject({
      ttl: 60,
      members: [{ user: 'ann' }, { user: 'cem', role: 'admin', since: 6, unread: 2, exact: true }],
      past: { messages: [{ seq: 2, body: text('won'), editedAt: expect.any(Number) }, { seq: 3 }] },
    });
  });

  it('finds the place of a time: what had happened by then', async () => {
    const events = await Promise.all([2, 3, 7].map(async (seq) => (await ask(seq)).past));
    for (const { seq, at } of events) {
      const past = (await ask(new Date(at).toISOString())).past;
      expect(past.at).toBe(at);
      expect(past.seq).toBeGreaterThanOrEqual(seq);
      const before = await ask(new Date(at - 1).toISOString());
      if (before.status === 200) expect(before.past.seq).toBeLessThan(seq);
    }
    expect((await ask('9999-01-01')).past).toMatchObject({ seq: 7, head: 7 });
  });

  it('gives pages of messages', async () => {
    expect((await ask(7, { messagesLimit: 1 })).past).toMatchObject({
      messages: [{ seq: 3 }],
      hasMoreMessages: true,
    });
    expect((await ask(7, { messagesLimit: 1, messagesBefore: 3 })).past).toMatchObject({
      messages: [{ seq: 2 }],
      hasMoreMessages: false,
    });
    expect((await ask(7, { messagesAfter: 2 })).past.messages).toMatchObject([{ seq: 3 }]);
    expect((await ask(7, { messagesLimit: 0 })).past).toMatchObject({ messages: [], hasMoreMessages: true });
  });

  it('tells those alone who may read the conversation now', async () => {
    expect(await ask(2, {}, 'bob')).toMatchObject({ status: 403, tag: 'NotAMember' });
    expect(await ask(2, {}, 'eve')).toMatchObject({ status: 403, tag: 'NotAMember' });
    // Whoever is a member reads all there is, also what was said before they came.
    expect(await ask(2, {}, 'cem')).toMatchObject({ status: 200, role: 'admin', memberCount: 2 });
  });

  it.each([
    [{ at: '8' }, 422, 'NotYetHappened', 'the newest is 7'],
    [{ at: '2001-01-01' }, 422, 'BeforeItBegan', 'it began at 20'],
    [{ at: '1', conversationId: 'nowhere' }, 404, 'ConversationNotFound', ''],
    [{ at: 'yesterday' }, 422, 'InvalidParams', 'at must be a seq, or a time'],
    [{ at: '2026-02-30' }, 422, 'InvalidParams', 'there is no time 2026-02-30'],
    [{ at: '3', messagesBefore: '3', messagesAfter: '1' }, 422, 'InvalidParams', 'give one of'],
  ])('refuses %o, each with its own error', async (params, status, tag, detail) => {
    const { at, ...more } = params;
    const refused = await ask(at, more);
    expect(refused).toMatchObject({ status, tag });
    expect(refused.detail).toContain(detail);
  });

  it('tells nothing that was said where an event waits that may have deleted it', async () => {
    const log = talk('still', 6);
    const painted = { ...log[5], id: 'still:6', type: 'message.painted' } as never;
    await storeLog(stack.nats, [...log.slice(0, 5), painted], PARTITIONS);
    const stands = async () =>
      (await stack.database.query("select from rm_1.parked_conversation where conversation_id = 'still'"))
        .rows;
    await waitFor(async () => (await stands()).length === 1, { what: 'a conversation that stands still' });
    const { text: body } = await stack.ask('conversation.get', { conversationId: 'still', at: '3' });
    expect(JSON.parse(body)).toMatchObject({
      past: { incomplete: false, messages: [{ seq: 2, body: null, sealed: 'locked' }, { seq: 3 }] },
    });
    expect(body).not.toContain('message 2');
    const later = JSON.parse(
      (await stack.ask('conversation.get', { conversationId: 'still', at: '6' })).text,
    );
    expect(later.past).toMatchObject({ seq: 5, incomplete: true });
  });

  it('says when the log lacks something of before', async () => {
    await storeLog(
      stack.nats,
      talk('holes', 20).filter(({ seq }) => seq !== 5 && seq !== 12),
      PARTITIONS,
    );
    await stack.projected('holes', 20);
    const { past } = JSON.parse(
      (await stack.ask('conversation.get', { conversationId: 'holes', at: '20' })).text,
    );
    expect(past).toMatchObject({ seq: 20, incomplete: true });
    const { past: whole } = JSON.parse(
      (await stack.ask('conversation.get', { conversationId: 'holes', at: '4' })).text,
    );
    expect(whole).toMatchObject({ seq: 4, incomplete: false });
  });
});
