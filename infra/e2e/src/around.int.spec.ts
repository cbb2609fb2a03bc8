import { randomUUID } from 'node:crypto';
import type { MessagePage } from '@parley/domain/wire/views';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MovedClockStack, openMovedClockStack } from './leaks/moved-clock-stack.js';
import { text } from './leaks/planted.js';

const MESSAGES = 40;

describe('a page around a message', { timeout: 120_000 }, () => {
  let stack: MovedClockStack;
  const conversationId = `g-${randomUUID()}`;

  beforeAll(async () => {
    stack = await openMovedClockStack();
    await stack.done('conversation.create', { conversationId, kind: 'group', members: ['bob'] });
    for (let n = 0; n < MESSAGES; n++)
      await stack.done('message.send', { conversationId, body: text('x'.repeat(60_000)) });
    await stack.projected(conversationId, MESSAGES + 1);
  });
  afterAll(() => stack?.close());

  const page = async (params: object): Promise<MessagePage> => {
    const { status, text } = await stack.ask('message.list', { conversationId, limit: '200', ...params });
    if (status !== 200) throw new Error(text);
    return JSON.parse(text);
  };
  const seqsOf = ({ messages }: MessagePage) => messages.map(({ seq }) => seq);

  it('has that message however long its neighbours are, and goes on both ways without gap or repeat', async () => {
    for (const around of [2, 20, MESSAGES + 1]) {
      const first = await page({ around });
      expect(seqsOf(first)).toContain(around);
      expect(seqsOf(first).length).toBeLessThan(MESSAGES);
      const seqs = seqsOf(first);
      for (let { previousCursor: before } = first; before !== undefined; ) {
        const older = await page({ before });
        seqs.unshift(...seqsOf(older));
        before = older.nextCursor;
      }
      for (let { nextCursor: after, hasMore } = first; hasMore && after !== undefined; ) {
        const newer = await page({ after });
        seqs.push(...seqsOf(newer));
        [after, hasMore] = [newer.nextCursor, newer.hasMore];
      }
      expect(seqs).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 2));
    }
  });

  it('waits for a message that was sent just now, and refuses one that is yet to come', async () => {
    const seq = await stack.done('message.send', { conversationId, body: text('new') });
    expect(seqsOf(await page({ around: seq }))).toContain(seq);
    await expect(page({ around: seq + 1 })).rejects.toThrow('MessageNotFound');
  });
});
