import type { ConversationEvent } from '@parley/domain/conversation/events';
import { envelop } from '@parley/domain/log/envelope';
import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import type { DueConversation } from './due-conversation.js';
import { beginEnding, decideEnding, type Ending, follow, MOST_RANGES } from './ending.js';

const NOON = Date.UTC(2026, 10, 21, 12);

const row = (known: Partial<DueConversation> = {}): DueConversation => ({
  conversationId: 'c',
  partition: 0,
  kind: 'group',
  closed: false,
  revision: 9,
  changed: 40,
  expiresAt: null,
  nextDue: NOON,
  ...known,
});

/** Messages with the seqs 2, 3 and 7, of which the first two follow each other. */
const three = [
  { seq: 2, ordinal: 1 },
  { seq: 3, ordinal: 2 },
  { seq: 7, ordinal: 5 },
];

const decided = (ending: Ending, at = NOON) => {
  const event = decideEnding(ending, at);
  return isRight(event) ? event.right : event.left;
};

function after(ending: Ending, event: ConversationEvent, actor = 'ann'): Ending {
  const seq = ending.state.revision + 1;
  const place = { conversationId: 'c', seq, at: NOON, actor, commandId: `c-${seq}` };
  return follow(ending, envelop(event, place), ending.streamSeq + 3);
}

describe('messages that are due', () => {
  it('end by one event of the system, at the next place, under an id of that place', () => {
    expect(decided(beginEnding(row(), three))).toMatchObject({
      id: 'c:10',
      type: 'message.expired',
      seq: 10,
      at: NOON,
      actor: '@system',
      commandId: 'end:10',
      data: {
        ranges: [
          [2, 3],
          [7, 7],
        ],
      },
    });
  });

  it('end in a closed conversation too', () => {
    expect(decided(beginEnding(row({ closed: true }), three))).toMatchObject({ type: 'message.expired' });
  });

  it('end behind what came meanwhile', () => {
    const edited = after(beginEnding(row(), three), { type: 'message.deleted', data: { seq: 2 } });
    expect(decided(edited)).toMatchObject({
      seq: 11,
      data: {
        ranges: [
          [2, 3],
          [7, 7],
        ],
      },
    });
    expect(edited.streamSeq).toBe(43);
  });

  it('do not end twice', () => {
    const some = after(beginEnding(row(), three), { type: 'message.expired', data: { ranges: [[3, 5]] } });
    expect(decided(some)).toMatchObject({
      data: {
        ranges: [
          [2, 2],
          [7, 7],
        ],
      },
    });
    expect(decided(after(some, { type: 'message.expired', data: { ranges: [[1, 9]] } }))).toBeUndefined();
  });

  it('wait while the conversation is held, and go on when it is released', () => {
    const held = after(beginEnding(row(), three), { type: 'conversation.held', data: { reason: 'x' } });
    expect(decided(held)).toBeUndefined();
    const released = after(held, { type: 'conversation.released', data: {} });
    expect(decided(released)).toMatchObject({ type: 'message.expired', seq: 12 });
  });

  it('are nothing any more in a conversation that was erased', () => {
    const erased = after(beginEnding(row(), three), { type: 'conversation.erased', data: {} });
    expect(decided(erased)).toBeUndefined();
  });

  it('that are too many for one event leave the rest for the next', () => {
    const many = Array.from({ length: 1_200 }, (_, n) => ({ seq: 2 + 3 * n, ordinal: 1 + 2 * n }));
    const event = decided(beginEnding(row({ revision: 5_000 }), many));
    expect(event).toHaveProperty('data.ranges.length', MOST_RANGES);
  });
});

describe('a conversation that is due', () => {
  it.each(['group', 'channel', 'direct'] as const)('is closed, a %s one', (kind) => {
    expect(decided(beginEnding(row({ kind, expiresAt: NOON }), three))).toMatchObject({
      type: 'conversation.closed',
      actor: '@system',
    });
  });

  it('is erased once it is closed', () => {
    expect(decided(beginEnding(row({ closed: true, expiresAt: NOON }), three))).toMatchObject({
      type: 'conversation.erased',
      actor: '@system',
    });
  });

  it('is not, while it is held, or before its time', () => {
    const held = after(beginEnding(row({ expiresAt: NOON }), []), {
      type: 'conversation.held',
      data: { reason: 'x' },
    });
    expect(decided(held)).toBeUndefined();
    expect(decided(beginEnding(row({ expiresAt: NOON }), []), NOON - 1)).toBeUndefined();
  });

  it('is not, where its end was put off meanwhile', () => {
    const later = after(beginEnding(row({ expiresAt: NOON }), three), {
      type: 'conversation.expirySet',
      data: { expiresAt: NOON + 60_000 },
    });
    expect(decided(later)).toMatchObject({ type: 'message.expired' });
  });
});
