import { describe, expect, it } from 'vitest';
import { deviceKey, MAX_P2P, MAX_PARTICIPANTS } from '../call/call.js';
import { SYSTEM } from '../ids.js';
import { command } from '../testing/commands.js';
import { created, given, happened, type Past } from '../testing/given.js';
import type { Kind } from './vocabulary.js';

const people = { ann: 'owner', bob: 'admin', cem: 'member', dan: 'member' } as const;
const garden = created('group', people);
const begun = (by = 'ann', device = 'phone', p2pMax = 4): Past =>
  happened(by, 'call.started', { media: 'voice', device, p2pMax });
const joined = (by: string, device = 'phone'): Past => happened(by, 'call.joined', { call: 2, device });

/** The same command from another device. */
const from = <C extends object>(device: string | undefined, { ...rest }: C): C => {
  const { device: _, ...others } = rest as { device?: string };
  return { ...others, ...(device === undefined ? {} : { device }) } as C;
};

describe('starting a call', () => {
  const start = (by: string) => command('call.start', by, { media: 'video' });

  it('makes one, with the starter in it and the bound of a mesh written down', () => {
    given(garden)
      .when({ ...start('cem'), p2pMax: 3 })
      .makes('call.started', { media: 'video', device: 'phone', p2pMax: 3 });
    for (const [p2pMax, kept] of [
      [99, MAX_P2P],
      [-1, 0],
    ] as const)
      given(garden)
        .when({ ...start('ann'), p2pMax })
        .makes('call.started', { media: 'video', device: 'phone', p2pMax: kept });
  });

  it('is for anybody, but for its admins in a channel', () => {
    const isAllowed = (kind: Kind, by: string) => {
      const those = kind === 'direct' ? ({ ann: 'member', bob: 'member' } as const) : people;
      return given(created(kind, those)).when(start(by));
    };
    const data = { media: 'video', device: 'phone', p2pMax: 2 } as const;
    isAllowed('direct', 'bob').makes('call.started', data);
    isAllowed('group', 'dan').makes('call.started', data);
    // Only a server keeps those silent who do not lead.
    isAllowed('channel', 'bob').makes('call.started', { ...data, p2pMax: 0 });
    isAllowed('channel', 'dan').isRefused('NotAllowed');
    given(garden).when(start('eve')).isRefused('NotAMember');
  });

  it('is refused while one goes on, by its number, and is possible again after it', () => {
    given(garden, begun()).when(start('bob')).isRefused('CallOngoing', 'its number is 2');
    given(garden, begun(), happened('ann', 'call.ended', { call: 2 }))
      .when(start('bob'))
      .makes('call.started', { media: 'video', device: 'phone', p2pMax: 2 });
  });

  it('needs a device, which the system has none of', () => {
    given(garden)
      .when(from(undefined, start('ann')))
      .isRefused('NotInCall', 'only a device can be in a call');
    given(garden).when(start(SYSTEM)).isRefused('NotInCall', 'only a device can be in a call');
  });
});

describe('joining a call', () => {
  const join = (by: string, call = 2) => command('call.join', by, { call });

  it('is for members, with a device', () => {
    given(garden, begun()).when(join('cem')).makes('call.joined', { call: 2, device: 'phone' });
    given(garden, begun()).when(join('eve')).isRefused('NotAMember');
    given(garden, begun())
      .when(from(undefined, join('cem')))
      .isRefused('NotInCall', 'only a device can be in a call');
    given(garden, begun()).when(join(SYSTEM)).isRefused('NotInCall', 'only a device can be in a call');
  });

  it('is refused where that call is over or another goes on', () => {
    given(garden).when(join('cem')).isRefused('CallNotFound');
    given(garden, begun()).when(join('cem', 1)).isRefused('CallNotFound');
    given(garden, begun(), happened('ann', 'call.ended', { call: 2 }))
      .when(join('cem'))
      .isRefused('CallNotFound');
  });

  it('again replaces the device that is in it, and another device comes beside it', () => {
    const again = given(garden, begun('ann'), joined('cem'))
      .when(join('cem'))
      .makes('call.joined', { call: 2, device: 'phone' });
    expect(again).toMatchObject({ call: { participants: { size: 2 } } });
    const beside = given(garden, begun('ann'), joined('cem'))
      .when(from('laptop', join('cem')))
      .makes('call.joined', { call: 2, device: 'laptop' });
    expect(beside).toMatchObject({ call: { participants: { size: 3 } } });
  });

  it('is refused when it is full, but not to a device that is in it', () => {
    const others = Array.from({ length: MAX_PARTICIPANTS - 1 }, (_, n) => joined('bob', `d${n}`));
    const full = given(garden, begun(), ...others);
    full.when(join('cem')).isRefused('CallFull');
    full.when(from('d7', join('bob'))).makes('call.joined', { call: 2, device: 'd7' });
  });
});

describe('leaving a call', () => {
  const leave = (by: string, participant: number) => command('call.leave', by, { call: 2, participant });
  const talking = given(garden, begun('ann'), joined('bob'), joined('cem'), joined('dan'));
  const left = (participant: number, user: string, why: 'left' | 'removed' | 'lost') =>
    ({ call: 2, participant, user, why }) as const;

  it('is for oneself, whoever leads above them in rank, and the system', () => {
    talking.when(leave('dan', 5)).makes('call.left', left(5, 'dan', 'left'));
    talking.when(leave('bob', 5)).makes('call.left', left(5, 'dan', 'removed'));
    talking.when(leave('ann', 3)).makes('call.left', left(3, 'bob', 'removed'));
    talking.when(leave(SYSTEM, 2)).makes('call.left', left(2, 'ann', 'lost'));
    talking.when(leave('bob', 2)).isRefused('NotAllowed');
    talking.when(leave('dan', 4)).isRefused('NotAllowed');
  });

  it('is done already where the participant or the call is gone', () => {
    talking.when(leave('dan', 9)).makesNothing();
    given(garden).when(leave('dan', 5)).makesNothing();
    given(garden, begun(), joined('dan'), joined('dan')).when(leave('dan', 3)).makesNothing();
  });

  it('by the last one ends it', () => {
    const state = given(garden, begun('ann'))
      .when(leave('ann', 2))
      .makes('call.left', left(2, 'ann', 'left'));
    expect(state).toMatchObject({ call: undefined });
  });
});

describe('muting somebody for everyone', () => {
  const mute = (by: string, user: string, muted = true) => command('call.mute', by, { call: 2, user, muted });
  const talking = given(garden, begun('ann'), joined('bob'), joined('cem'));

  it('is for whoever outranks them, also to let them speak again', () => {
    talking.when(mute('bob', 'cem')).makes('call.muted', { call: 2, user: 'cem', muted: true });
    talking.when(mute('ann', 'bob')).makes('call.muted', { call: 2, user: 'bob', muted: true });
    talking.when(mute('bob', 'ann')).isRefused('NotAllowed');
    talking.when(mute('cem', 'cem')).isRefused('NotAllowed');
    const muted = given(
      garden,
      begun('ann'),
      joined('cem'),
      happened('ann', 'call.muted', { call: 2, user: 'cem', muted: true }),
    );
    muted.when(mute('bob', 'cem', false)).makes('call.muted', { call: 2, user: 'cem', muted: false });
    muted.when(mute('bob', 'cem')).makesNothing();
    muted.when(mute('cem', 'cem', false)).isRefused('NotAllowed');
  });

  it('needs them to be in the call that goes on', () => {
    talking.when(mute('ann', 'dan')).isRefused('NotInCall', 'they are not in the call');
    talking.when(mute('ann', 'dan', false)).makesNothing();
    given(garden).when(mute('ann', 'cem')).isRefused('CallNotFound');
  });
});

describe('broadcasting a call', () => {
  const set = (by: string, source: 'mix' | 'screen' | null) =>
    command('call.broadcast', by, { call: 2, source });

  it('is for those who lead, of groups and channels, and is stopped as it was started', () => {
    const talking = given(garden, begun('cem'));
    talking.when(set('bob', 'mix')).makes('call.broadcastSet', { call: 2, source: 'mix' });
    talking.when(set('cem', 'mix')).isRefused('NotAllowed');
    talking.when(set('bob', null)).makesNothing();
    const on = given(garden, begun('cem'), happened('bob', 'call.broadcastSet', { call: 2, source: 'mix' }));
    on.when(set('ann', null)).makes('call.broadcastSet', { call: 2, source: null });
    on.when(set('ann', 'mix')).makesNothing();
    on.when(set('ann', 'screen')).makes('call.broadcastSet', { call: 2, source: 'screen' });
    const two = created('direct', { ann: 'member', bob: 'member' });
    given(two, begun()).when(set('ann', 'mix')).isRefused('NotForThisKind', 'two people have no audience');
    given(garden).when(set('ann', 'mix')).isRefused('CallNotFound');
  });
});

describe('ending a call for everyone', () => {
  const end = (by: string, call = 2) => command('call.end', by, { call });

  it('is for who started it, those who lead, and either of two', () => {
    const talking = given(garden, begun('cem'), joined('dan'));
    for (const by of ['ann', 'bob', 'cem']) {
      const state = talking.when(end(by)).makes('call.ended', { call: 2 });
      expect(state).toMatchObject({ call: undefined });
    }
    talking.when(end('dan')).isRefused('NotAllowed');
    const two = created('direct', { ann: 'member', bob: 'member' });
    given(two, begun('ann')).when(end('bob')).makes('call.ended', { call: 2 });
  });

  it('is done already where it is over', () => {
    given(garden).when(end('dan')).makesNothing();
    given(garden, begun('cem')).when(end('ann', 1)).makesNothing();
  });
});

describe('whoever is no member any more', () => {
  const two = [garden, begun('dan'), joined('cem'), joined('cem', 'laptop')];
  const devicesAfter = (...past: readonly Past[]) => {
    const { state } = given(...two, ...past);
    return 'call' in state ? [...(state.call?.participants.keys() ?? [])] : [];
  };
  const rest = [deviceKey('dan', 'phone')];

  it('is in no call, with any device', () => {
    expect(devicesAfter(happened('ann', 'member.removed', { users: ['cem'] }))).toEqual(rest);
    expect(devicesAfter(happened('cem', 'member.left', {}))).toEqual(rest);
    expect(devicesAfter(happened('ann', 'member.banned', { banHash: 'h_63656d' }))).toEqual(rest);
    expect(devicesAfter(happened(SYSTEM, 'member.erased', { user: 'cem' }))).toEqual(rest);
  });

  it('ends it as the last one does, and so does closing', () => {
    const users = ['cem', 'dan'];
    expect(given(...two, happened('ann', 'member.removed', { users })).state).toMatchObject({
      call: undefined,
    });
    expect(given(...two, happened('ann', 'conversation.closed', {})).state).toMatchObject({
      call: undefined,
    });
  });
});
