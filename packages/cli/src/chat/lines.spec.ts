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

  it('says of a body that cannot be opened whether it ever can be', () => {
    const sealed = (why: string) =>
      eventLine(event('message.sent', { body: null, sealed: why }), 'me', paint);
    expect(sealed('locked')).toBe('2007-06-04 09:03 ann: (locked for now)');
    expect(sealed('gone')).toBe('2007-06-04 09:03 ann: (gone)');
  });

  it.each([
    ['conversation.ttlSet', { ttl: 60 }, 'set how long messages live: 60 s'],
    ['conversation.ttlSet', { ttl: null }, 'set how long messages live: for good'],
    ['conversation.expirySet', { expiresAt: at }, 'set when it ends: 2007-06-04T09:03Z'],
    ['conversation.held', { reason: 'case 1' }, 'put it on legal hold: case 1'],
    ['message.pinned', { seq: 7 }, 'pinned 7'],
    ['message.edited', { seq: 7, expiresAt: at }, 'edited 7'],
    ['call.started', { media: 'video', device: 'd', p2pMax: 4 }, 'started a video call'],
    ['call.joined', { call: 7, device: 'd' }, 'joined the call'],
    ['call.left', { call: 7, participant: 8, user: 'ann', why: 'left' }, 'left the call'],
    ['call.left', { call: 7, participant: 8, user: 'ben', why: 'removed' }, 'put ben out of the call'],
    [
      'call.left',
      { call: 7, participant: 8, user: 'ben', why: 'lost' },
      'took ben out of the call, who was not heard any more',
    ],
    ['call.muted', { call: 7, user: 'ben', muted: true }, 'muted ben'],
    ['call.broadcastSet', { call: 7, source: 'screen' }, 'broadcast the call: screen'],
    ['call.ended', { call: 7 }, 'ended the call'],
  ] as const)('says what %s changed', (type, data, words) => {
    expect(eventLine(event(type, data), 'me', paint)).toBe(`2007-06-04 09:03 ann ${words}`);
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
