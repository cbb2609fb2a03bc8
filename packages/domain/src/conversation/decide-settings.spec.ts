import { describe, it } from 'vitest';
import { SYSTEM } from '../ids.js';
import { command, NOON } from '../testing/commands.js';
import { created, given, happened } from '../testing/given.js';
import { closeTitle } from './body.js';

const ROLES = { ann: 'owner', bob: 'admin', cem: 'member' } as const;
const group = created('group', ROLES);
const channel = created('channel', ROLES);
const direct = created('direct', { ann: 'member', bob: 'member' });

describe('renaming', () => {
  const rename = (actor: string, title = 'Roses') => command('conversation.rename', actor, { title });

  it('is for owners, admins and the system', () => {
    for (const garden of [group, channel]) {
      for (const actor of ['ann', 'bob', SYSTEM]) {
        given(garden)
          .when(rename(actor))
          .makes('conversation.renamed', { title: closeTitle('Roses') });
      }
      given(garden).when(rename('cem')).isRefused('NotAllowed');
    }
  });

  it('does nothing when the title is so already', () => {
    given(group, happened('ann', 'conversation.renamed', { title: closeTitle('Roses') }))
      .when(rename('bob'))
      .makesNothing();
  });

  it('is not for direct conversations', () => {
    given(direct).when(rename('ann')).isRefused('NotForThisKind', 'a direct conversation has no title');
  });
});

describe('setting the life of messages', () => {
  const setTtl = (actor: string, ttl: number | null) => command('conversation.setTtl', actor, { ttl });

  it('is for owners, admins and the system', () => {
    for (const garden of [group, channel]) {
      for (const actor of ['ann', 'bob', SYSTEM]) {
        given(garden).when(setTtl(actor, 60)).makes('conversation.ttlSet', { ttl: 60 });
      }
      given(garden).when(setTtl('cem', 60)).isRefused('NotAllowed');
    }
  });

  it('is for both in a direct conversation', () => {
    for (const actor of ['ann', 'bob']) {
      given(direct).when(setTtl(actor, 5)).makes('conversation.ttlSet', { ttl: 5 });
    }
  });

  it('does nothing when it is so already', () => {
    given(group).when(setTtl('ann', null)).makesNothing();
    const hourly = created('group', ROLES, 3_600);
    given(hourly).when(setTtl('ann', 3_600)).makesNothing();
    given(hourly).when(setTtl('ann', null)).makes('conversation.ttlSet', { ttl: null });
  });
});

describe('setting when a conversation ends', () => {
  const setExpiry = (actor: string, expiresAt: number | null) =>
    command('conversation.setExpiry', actor, { expiresAt });
  const ending = happened('ann', 'conversation.expirySet', { expiresAt: NOON + 60_000 });

  it('is for owners alone, as erasing it is', () => {
    for (const garden of [group, channel]) {
      given(garden)
        .when(setExpiry('ann', NOON + 60_000))
        .makes('conversation.expirySet', { expiresAt: NOON + 60_000 });
      for (const actor of ['bob', 'cem', SYSTEM])
        given(garden)
          .when(setExpiry(actor, NOON + 60_000))
          .isRefused('NotAllowed');
    }
  });

  it('can be taken back, and does nothing when it is so already', () => {
    given(group, ending).when(setExpiry('ann', null)).makes('conversation.expirySet', { expiresAt: null });
    given(group, ending)
      .when(setExpiry('ann', NOON + 60_000))
      .makesNothing();
    given(group).when(setExpiry('ann', null)).makesNothing();
  });

  it('is refused in the past and less than the shortest life ahead, and says how far', () => {
    for (const expiresAt of [0, NOON - 1, NOON, NOON + 4_999])
      given(group)
        .when(setExpiry('ann', expiresAt))
        .isRefused('LifeNotAllowed', 'expiresAt must be 5 s ahead at least');
    given(group)
      .when(setExpiry('ann', NOON + 5_000))
      .makes('conversation.expirySet', { expiresAt: NOON + 5_000 });
  });

  it('is not for direct conversations: the two would never have another', () => {
    given(direct)
      .when(setExpiry('ann', NOON + 60_000))
      .isRefused('NotForThisKind', 'a direct conversation does not end; set a life for its messages');
  });

  it('cannot be undone when it has come: for its members there is no such conversation', () => {
    const over = happened('ann', 'conversation.expirySet', { expiresAt: NOON });
    given(group, over).when(setExpiry('ann', null)).isRefused('ConversationNotFound');
  });
});

describe('closing', () => {
  const close = (actor: string) => command('conversation.close', actor, {});

  it('is for owners and the system', () => {
    for (const garden of [group, channel]) {
      for (const actor of ['ann', SYSTEM]) given(garden).when(close(actor)).makes('conversation.closed', {});
      for (const actor of ['bob', 'cem']) given(garden).when(close(actor)).isRefused('NotAllowed');
    }
  });

  it('does nothing when it is closed already, whoever of the members asks', () => {
    for (const actor of ['ann', 'cem', SYSTEM]) {
      given(group, happened('ann', 'conversation.closed', {}))
        .when(close(actor))
        .makesNothing();
    }
  });

  it('is not for direct conversations', () => {
    given(direct).when(close('ann')).isRefused('NotForThisKind', 'a direct conversation cannot be closed');
  });

  it('is for the system in a direct conversation, whose time is over', () => {
    given(direct).when(close(SYSTEM)).makes('conversation.closed', {});
  });
});
