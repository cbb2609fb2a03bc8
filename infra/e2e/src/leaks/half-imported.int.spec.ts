import { envelop } from '@parley/domain/log/envelope';
import { timelineCursor } from '@parley/domain/wire/cursor';
import { storeLog } from '@parley/infra/testing/store-log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MovedClockStack, openMovedClockStack, PARTITIONS } from './moved-clock-stack.js';

describe('half of a conversation that is being imported', { timeout: 60_000 }, () => {
  let stack: MovedClockStack;

  beforeAll(async () => {
    stack = await openMovedClockStack();
  });
  afterAll(() => stack?.close());

  it('is read by nobody, also of a process that has not heard of it: who was removed further on is a member in its rows', async () => {
    const place = (seq: number) => ({
      conversationId: 'half',
      seq,
      at: Date.now(),
      actor: 'ann',
      commandId: `c-${seq}`,
      importedTo: 3,
    });
    const members = ['ann', 'eve'].map((user) => ({ user, role: 'owner' as const, banHash: `h-${user}` }));
    const body = 'p0.{"kind":"text","text":"planted"}';
    const half = [
      envelop({ type: 'conversation.created', data: { kind: 'group', ttl: null, members } }, place(1)),
      envelop({ type: 'message.sent', data: { ordinal: 1, body } }, place(2)),
    ];
    await storeLog(stack.nats, half, PARTITIONS);
    await stack.projected('half', 2);
    const url = await stack.another();
    const older = { conversationId: 'half', before: timelineCursor('half', 9) };
    const { status, text } = await stack.ask('message.list', older, 'eve', { url });
    expect(text).not.toContain('planted');
    expect(status).toBe(503);
    // Where it has been heard of, no list shows what was said last either.
    const lists = await stack.ask('conversation.list', {}, 'eve', { url });
    expect(lists).toMatchObject({ status: 200, text: expect.not.stringContaining('planted') });
  });
});
