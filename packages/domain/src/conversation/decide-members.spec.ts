import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../ids.js';
import { command, hashOf } from '../testing/commands.js';
import { created, given, happened } from '../testing/given.js';
import { roleOf } from './state.js';
import { MAX_MEMBERS, type Role } from './vocabulary.js';

const ROLES = { ann: 'owner', bob: 'admin', cem: 'member', dan: 'member' } as const;
const group = created('group', ROLES);
const channel = created('channel', ROLES);
const direct = created('direct', { ann: 'member', bob: 'member' });
const twoOwners = created('group', { ann: 'owner', amy: 'owner', cem: 'member' });
const entry = (user: string, role: Role = 'member') => ({ user, role, banHash: hashOf(user) });

describe('adding people', () => {
  const add = (actor: string, users: readonly string[], role?: Role) =>
    command('member.add', actor, role === undefined ? { users } : { users, role });

  it('lets owners and admins add members', () => {
    for (const garden of [group, channel]) {
      for (const actor of ['ann', 'bob']) {
        given(garden)
          .when(add(actor, ['eve', 'fay']))
          .makes('member.added', { members: [entry('eve'), entry('fay')] });
      }
    }
  });

  it('lets nobody else', () => {
    for (const actor of ['cem', SYSTEM])
      given(group)
        .when(add(actor, ['eve']))
        .isRefused('NotAllowed');
  });

  it('lets owners alone add admins and owners', () => {
    for (const role of ['admin', 'owner'] as const) {
      given(group)
        .when(add('ann', ['eve'], role))
        .makes('member.added', { members: [entry('eve', role)] });
      given(group)
        .when(add('bob', ['eve'], role))
        .isRefused('NotAllowed');
    }
  });

  it('adds each once, and leaves members and their roles as they are', () => {
    given(group)
      .when(add('ann', ['eve', 'cem', 'eve'], 'admin'))
      .makes('member.added', { members: [entry('eve', 'admin')] });
  });

  it('does nothing when all are members', () => {
    given(group)
      .when(add('ann', ['bob', 'cem']))
      .makesNothing();
  });

  it('refuses who is banned, by name, and adds none of the others', () => {
    given(group, happened('ann', 'member.banned', { banHash: hashOf('eve') }))
      .when(add('ann', ['fay', 'eve']))
      .isRefused('UserBanned', 'eve');
  });

  it('refuses more members than the kind allows, and takes the last one', () => {
    const crowd = (size: number) =>
      Object.fromEntries(Array.from({ length: size }, (_, i) => [`user-${i}`, 'member' as const]));
    expect(MAX_MEMBERS).toStrictEqual({ direct: 2, group: 10_000, channel: 100_000 });
    const nearlyFull = given(created('group', { ann: 'owner', ...crowd(9_998) }));
    nearlyFull.when(add('ann', ['eve'])).makes('member.added', { members: [entry('eve')] });
    nearlyFull.when(add('ann', ['eve', 'user-7'])).makes('member.added', { members: [entry('eve')] });
    nearlyFull.when(add('ann', ['eve', 'fay'])).isRefused('TooManyMembers', 'at most 10000');
    given(created('channel', { ann: 'owner', ...crowd(99_999) }))
      .when(add('ann', ['eve']))
      .isRefused('TooManyMembers', 'at most 100000');
  });

  it('is not for direct conversations', () => {
    given(direct)
      .when(add('ann', ['eve']))
      .isRefused('NotForThisKind', 'a direct conversation is of two people');
  });
});

describe('removing people', () => {
  const remove = (actor: string, users: readonly string[]) => command('member.remove', actor, { users });

  it('lets owners remove anybody and admins members alone', () => {
    given(group)
      .when(remove('ann', ['bob', 'cem']))
      .makes('member.removed', { users: ['bob', 'cem'] });
    given(group)
      .when(remove('bob', ['cem', 'dan']))
      .makes('member.removed', { users: ['cem', 'dan'] });
    given(group)
      .when(remove('bob', ['cem', 'ann']))
      .isRefused('NotAllowed');
    given(group)
      .when(remove('bob', ['bob']))
      .isRefused('NotAllowed');
    given(twoOwners)
      .when(remove('ann', ['amy']))
      .makes('member.removed', { users: ['amy'] });
  });

  it('lets nobody else, not even remove themselves', () => {
    for (const actor of ['cem', SYSTEM])
      given(group)
        .when(remove(actor, ['cem']))
        .isRefused('NotAllowed');
  });

  it('takes each once and passes over who is no member', () => {
    given(group)
      .when(remove('ann', ['cem', 'eve', 'cem']))
      .makes('member.removed', { users: ['cem'] });
    given(group)
      .when(remove('bob', ['eve']))
      .makesNothing();
    given(group)
      .when(remove('cem', ['eve']))
      .isRefused('NotAllowed');
  });

  it('refuses to remove the last owner from among people', () => {
    given(group)
      .when(remove('ann', ['ann']))
      .isRefused('LastOwner');
    given(twoOwners)
      .when(remove('ann', ['ann', 'amy']))
      .isRefused('LastOwner');
    given(twoOwners)
      .when(remove('ann', ['ann']))
      .makes('member.removed', { users: ['ann'] });
    given(twoOwners)
      .when(remove('ann', ['ann', 'amy', 'cem']))
      .makes('member.removed', { users: ['ann', 'amy', 'cem'] });
  });

  it('is not for direct conversations', () => {
    given(direct)
      .when(remove('ann', ['bob']))
      .isRefused('NotForThisKind', 'nobody is removed from a direct conversation');
  });
});

describe('leaving', () => {
  const leave = (actor: string) => command('member.leave', actor, {});

  it('is for everybody', () => {
    for (const garden of [group, channel]) {
      for (const actor of ['bob', 'cem']) {
        expect(roleOf(given(garden).when(leave(actor)).makes('member.left', {}), actor)).toBeUndefined();
      }
    }
  });

  it('is for an owner when there is another one, or nobody else at all', () => {
    given(twoOwners).when(leave('amy')).makes('member.left', {});
    given(created('group', { ann: 'owner' }))
      .when(leave('ann'))
      .makes('member.left', {});
    given(group).when(leave('ann')).isRefused('LastOwner');
  });

  it('refuses who is no member, the system among them', () => {
    for (const actor of ['eve', SYSTEM]) given(group).when(leave(actor)).isRefused('NotAMember');
    given(group, happened('cem', 'member.left', {}))
      .when(leave('cem'))
      .isRefused('NotAMember');
  });

  it('is not for direct conversations', () => {
    given(direct).when(leave('ann')).isRefused('NotForThisKind', 'nobody leaves a direct conversation');
  });
});

describe('setting a role', () => {
  const setRole = (actor: string, user: string, role: Role) =>
    command('member.setRole', actor, { user, role });

  it('is for owners', () => {
    for (const garden of [group, channel]) {
      for (const role of ['owner', 'admin'] as const) {
        given(garden)
          .when(setRole('ann', 'cem', role))
          .makes('member.roleSet', { user: 'cem', role });
      }
      for (const actor of ['bob', 'cem', SYSTEM]) {
        given(garden)
          .when(setRole(actor, 'dan', 'admin'))
          .isRefused('NotAllowed');
      }
    }
  });

  it('does nothing when the role is so already', () => {
    given(group)
      .when(setRole('ann', 'bob', 'admin'))
      .makesNothing();
    given(group)
      .when(setRole('ann', 'ann', 'owner'))
      .makesNothing();
  });

  it('refuses a role for who is no member', () => {
    given(group)
      .when(setRole('ann', 'eve', 'admin'))
      .isRefused('NotAMember', 'eve is not a member');
  });

  it('keeps an owner: the last one cannot step down, of two each can', () => {
    given(group)
      .when(setRole('ann', 'ann', 'member'))
      .isRefused('LastOwner');
    given(twoOwners)
      .when(setRole('ann', 'amy', 'member'))
      .makes('member.roleSet', { user: 'amy', role: 'member' });
    given(twoOwners)
      .when(setRole('ann', 'ann', 'admin'))
      .makes('member.roleSet', { user: 'ann', role: 'admin' });
    given(twoOwners, happened('ann', 'member.roleSet', { user: 'ann', role: 'admin' }))
      .when(setRole('amy', 'amy', 'admin'))
      .isRefused('LastOwner');
  });

  it('is not for direct conversations', () => {
    given(direct)
      .when(setRole('ann', 'bob', 'owner'))
      .isRefused('NotForThisKind', 'a direct conversation has no roles');
  });
});
