import { describe, expect, it } from 'vitest';
import type { ClientEvents } from './client-events.js';
import { createInbox } from './inbox.js';
import { createListeners } from './listeners.js';
import { createPositions } from './positions.js';
import { createServerTime } from './time/server-time.js';

const NOON = 1_700_000_000_000;

/** What handlers are told of events that come when the server's time is noon. */
function told(...events: readonly object[]) {
  const listeners = createListeners<ClientEvents>();
  const positions = createPositions();
  const time = createServerTime(() => ({ wall: 0, steady: 0 }));
  time.learn(NOON, 0);
  const inbox = createInbox({ listeners, positions, user: () => 'ann', time, comeBack: () => undefined });
  const heard: unknown[] = [];
  listeners.on('event', ({ seq, data }) => void heard.push([seq, data]));
  for (const event of events)
    inbox.take('event', { conversationId: 'c', at: 1, actor: 'bob', commandId: 'x', ...event });
  return { heard, positions, time };
}

describe('what comes off the line', () => {
  it('keeps its place and is told without its content once its message has ended', () => {
    const body = { kind: 'text', text: 'a secret' };
    const { heard, positions } = told(
      { seq: 1, type: 'message.sent', data: { ordinal: 1, body, expiresAt: NOON } },
      { seq: 2, type: 'message.edited', data: { seq: 1, body, expiresAt: NOON } },
      { seq: 3, type: 'message.sent', data: { ordinal: 2, body, expiresAt: NOON + 1 } },
    );
    expect(heard).toEqual([
      [1, { ordinal: 1, body: null, expiresAt: NOON, sealed: 'gone' }],
      [2, { seq: 1, body: null, expiresAt: NOON, sealed: 'gone' }],
      [3, { ordinal: 2, body, expiresAt: NOON + 1 }],
    ]);
    expect(positions.delivered('c')).toBe(3);
  });

  it('says that the server is later than was believed', () => {
    const { time } = told({ seq: 1, type: 'message.pinned', at: NOON + 60_000, data: { seq: 1 } });
    expect(time.now()).toBe(NOON + 60_000);
  });

  it('takes a conversation that is erased out of what is resumed', () => {
    const { positions } = told(
      { seq: 1, type: 'message.pinned', data: { seq: 1 } },
      { seq: 2, type: 'conversation.erased', data: {} },
    );
    expect(positions.resume().resume).toEqual({});
  });
});
