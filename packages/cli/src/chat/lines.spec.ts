import type { LiveEvent } from '@parley/domain/wire/live';
import { describe, expect, it } from 'vitest';
import { eventLine, messageLine, shownText } from './lines.js';

const plain = (text: string): string => text;
const paint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, of: () => plain };
const at = Date.UTC(2007, 5, 4, 9, 3);
const event = (type: LiveEvent['type'], data: Record<string, unknown>): LiveEvent => ({
  conversationId: 'c',
  seq: 2,
  type,
  at,
  actor: 'ann',
  commandId: 'x',
  data,
});

describe('a line in the chat', () => {
  it('shows when a message was sent, by whom, and what', () => {
    const body = { kind: 'text', text: 'hello' } as const;
    expect(messageLine({ seq: 1, ordinal: 1, author: 'bob', at: 0, sentAt: at, body }, 'me', paint)).toBe(
      '2007-06-04 09:03 bob: hello',
    );
  });

  it('shows an action as one, and a message that is gone', () => {
    const action = event('message.sent', { body: { kind: 'text', text: 'waves', emote: true } });
    expect(eventLine(action, 'me', paint)).toBe('2007-06-04 09:03 * ann waves');
    expect(messageLine({ seq: 1, ordinal: 1, author: 'bob', at, body: null }, 'me', paint)).toContain(
      'deleted',
    );
  });

  it('says who entered, and does not list hundreds', () => {
    const members = ['a', 'b', 'c', 'd', 'e'].map((user) => ({ user, role: 'member' }));
    expect(eventLine(event('member.added', { members }), 'me', paint)).toBe(
      '2007-06-04 09:03 ann added a, b, c and 2 more',
    );
  });

  it('does not let a text steer the terminal', () => {
    expect(shownText('\u001b[2Jx\u0007\u009by\u202ez')).toBe('␛[2Jx␇\ufffdy\ufffdz');
    expect(shownText('one\ntwo\tthree')).toBe('one\n        two three');
  });
});
