import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../ids.js';
import { command, hashOf } from '../testing/commands.js';
import { created, envelopes, given, happened } from '../testing/given.js';
import { toSnapshot } from './snapshot.js';
import { roleOf } from './state.js';

const group = created('group', { ann: 'owner', bob: 'admin', cem: 'member', dan: 'member' });
const twoOwners = created('group', { ann: 'owner', amy: 'owner', cem: 'member' });
const direct = created('direct', { ann: 'member', bob: 'member' });
const ban = (actor: string, user: string) => command('member.ban', actor, { user });
const unban = (actor: string, user: string) => command('member.unban', actor, { user });
const banned = (user: string) => happened('ann', 'member.banned', { banHash: hashOf(user) });

describe('banning', () => {
  it('removes a member and keeps them out', () => {
    const state = given(group)
      .when(ban('bob', 'cem'))
      .makes('member.banned', { banHash: hashOf('cem') });
    expect(roleOf(state, 'cem')).toBeUndefined();
    expect(roleOf(state, 'dan')).toBe('member');
    given(group, banned('cem'))
      .when(command('member.add', 'ann', { users: ['cem'] }))
      .isRefused('UserBanned', 'cem');
  });

  it('keeps out somebody who never was there', () => {
    given(group)
      .when(ban('bob', 'eve'))
      .makes('member.banned', { banHash: hashOf('eve') });
  });

  it('writes the hash alone: neither the event nor the ban in the state names the person', () => {
    const past = [group, banned('cem')] as const;
    const [, event] = envelopes(past);
    expect(JSON.stringify(event)).not.toContain('cem');
    expect(JSON.stringify(toSnapshot(given(...past).state))).not.toContain('cem');
  });

  it('bans a member under the hash they came with, though the key has changed since', () => {
    const underNewKey = { ...ban('ann', 'cem'), banHashes: { cem: 'another-hash' } };
    given(group)
      .when(underNewKey)
      .makes('member.banned', { banHash: hashOf('cem') });
  });

  it('does nothing to who is banned already', () => {
    given(group, banned('cem')).when(ban('ann', 'cem')).makesNothing();
  });

  it('lets owners ban anybody, admins members alone, and the system who is no member', () => {
    given(twoOwners)
      .when(ban('ann', 'amy'))
      .makes('member.banned', { banHash: hashOf('amy') });
    given(group)
      .when(ban('ann', 'bob'))
      .makes('member.banned', { banHash: hashOf('bob') });
    for (const user of ['ann', 'bob']) given(group).when(ban('bob', user)).isRefused('NotAllowed');
    given(group).when(ban('cem', 'dan')).isRefused('NotAllowed');
    given(group)
      .when(ban(SYSTEM, 'eve'))
      .makes('member.banned', { banHash: hashOf('eve') });
    given(group).when(ban(SYSTEM, 'cem')).isRefused('NotAllowed');
  });

  it('refuses to ban the last owner from among people', () => {
    given(group).when(ban('ann', 'ann')).isRefused('LastOwner');
    given(twoOwners)
      .when(ban('ann', 'ann'))
      .makes('member.banned', { banHash: hashOf('ann') });
  });

  it('is not for direct conversations', () => {
    given(direct)
      .when(ban('ann', 'bob'))
      .isRefused('NotForThisKind', 'nobody is banned from a direct conversation');
  });

  it('throws when the hash did not come along', () => {
    expect(() => given(group).when({ ...ban('ann', 'eve'), banHashes: {} })).toThrow('without a ban hash');
  });
});

describe('lifting a ban', () => {
  it('lets owners, admins and the system, after which the person can be added', () => {
    for (const actor of ['ann', 'bob', SYSTEM]) {
      given(group, banned('cem'))
        .when(unban(actor, 'cem'))
        .makes('member.unbanned', { banHash: hashOf('cem') });
    }
    given(group, banned('cem'), happened('ann', 'member.unbanned', { banHash: hashOf('cem') }))
      .when(command('member.add', 'ann', { users: ['cem'] }))
      .makes('member.added', { members: [{ user: 'cem', role: 'member', banHash: hashOf('cem') }] });
  });

  it('lets no member', () => {
    given(group, banned('cem')).when(unban('dan', 'cem')).isRefused('NotAllowed');
  });

  it('does nothing to who is not banned', () => {
    given(group).when(unban('ann', 'cem')).makesNothing();
    given(group).when(unban('ann', 'eve')).makesNothing();
  });

  it('lifts the ban asked for and no other', () => {
    const { state } = given(
      group,
      banned('cem'),
      banned('eve'),
      happened('ann', 'member.unbanned', { banHash: hashOf('eve') }),
    );
    expect(state.tag === 'open' && [...state.bans]).toStrictEqual([hashOf('cem')]);
  });

  it('is not for direct conversations', () => {
    given(direct)
      .when(unban('ann', 'bob'))
      .isRefused('NotForThisKind', 'nobody is banned from a direct conversation');
  });
});
