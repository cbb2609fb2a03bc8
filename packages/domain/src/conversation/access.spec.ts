import { describe, expect, it } from 'vitest';
import { NOON } from '../testing/commands.js';
import { created, fold, happened } from '../testing/given.js';
import { refusedAccess } from './access.js';
import { initial } from './state.js';

describe('access', () => {
  it('is for members, also of a conversation that is closed', () => {
    for (const kind of ['group', 'channel', 'direct'] as const) {
      const garden = created(kind, { ann: 'member', bob: 'member' });
      expect(refusedAccess(fold([garden]), 'ann', NOON)).toBeUndefined();
      expect(
        refusedAccess(fold([garden, happened('ann', 'conversation.closed', {})]), 'bob', NOON),
      ).toBeUndefined();
    }
  });

  it('is refused to strangers and to who was a member once', () => {
    for (const kind of ['group', 'channel'] as const) {
      const garden = created(kind, { ann: 'owner', bob: 'member' });
      expect(refusedAccess(fold([garden]), 'eve', NOON)).toStrictEqual({ tag: 'NotAMember' });
      expect(refusedAccess(fold([garden, happened('bob', 'member.left', {})]), 'bob', NOON)).toStrictEqual({
        tag: 'NotAMember',
      });
    }
  });

  it('shows strangers no direct conversation, as if there were none', () => {
    const direct = fold([created('direct', { ann: 'member', bob: 'member' })]);
    expect(refusedAccess(direct, 'eve', NOON)).toStrictEqual({ tag: 'ConversationNotFound' });
    expect(refusedAccess(direct, 'eve', NOON)).toStrictEqual(refusedAccess(initial, 'eve', NOON));
  });

  it('is not given to names that every object has', () => {
    const garden = fold([created('group', { ann: 'owner' })]);
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(refusedAccess(garden, name, NOON)).toStrictEqual({ tag: 'NotAMember' });
    }
  });
});
