import type { LiveEvent } from '@parley/domain/wire/live';
import type { ConversationDetail } from '@parley/domain/wire/views';
import { describe, expect, it } from 'vitest';
import { foldDetail } from './detail.js';

const detail: ConversationDetail = {
  conversationId: 'c',
  kind: 'group',
  role: 'owner',
  ttl: null,
  closed: false,
  memberCount: 1,
  revision: 9,
  members: [{ user: 'ann', role: 'owner', since: 1 }],
  hasMoreMembers: false,
  pins: [3, 5],
};

const after = (type: LiveEvent['type'], data: object, before = detail): ConversationDetail | undefined =>
  foldDetail(
    before,
    {
      conversationId: 'c',
      seq: before.revision + 1,
      type,
      at: 77,
      actor: 'olga',
      commandId: 'x',
      data: data as LiveEvent['data'],
    },
    'ann',
  );

describe('a conversation in detail', () => {
  it.each([
    ['is pinned', 'message.pinned', { seq: 7 }, [3, 5, 7]],
    ['is unpinned', 'message.unpinned', { seq: 3 }, [5]],
    ['is deleted', 'message.deleted', { seq: 5 }, [3]],
    ['expires', 'message.expired', { ranges: [[4, 6]] }, [3]],
    ['is sent', 'message.sent', { ordinal: 1, body: null }, [3, 5]],
  ] as const)('has the pins that are left when a message %s', (_, type, data, pins) => {
    expect(after(type, data)?.pins).toEqual(pins);
  });

  it('says why nothing of it is erased, by whom and since when, until that is lifted', () => {
    const held = after('conversation.held', { reason: 'a case' }) as ConversationDetail;
    expect(held.hold).toEqual({ reason: 'a case', since: 77, by: 'olga' });
    expect(after('conversation.released', {}, held)).not.toHaveProperty('hold');
  });

  it('has the end that was set last, also on hold, or none', () => {
    const held = after('conversation.held', { reason: 'a case' }) as ConversationDetail;
    const ending = after('conversation.expirySet', { expiresAt: 500 }, held) as ConversationDetail;
    expect([ending.expiresAt, ending.hold?.reason]).toEqual([500, 'a case']);
    expect(after('conversation.expirySet', { expiresAt: null }, ending)).not.toHaveProperty('expiresAt');
  });

  it.each(['member.banned', 'member.erased'] as const)(
    'is asked for after %s, which does not say all',
    (type) => {
      expect(after(type, { user: 'bob' })).toBeUndefined();
    },
  );

  it('is asked for where an event was taken out of the log, and not where it is said which was', () => {
    expect(after('message.erased', { seq: detail.revision + 1 })).toBeUndefined();
    expect(after('message.erased', { seq: detail.revision })).toBeDefined();
  });
});
