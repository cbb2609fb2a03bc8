import { participantOf } from '@parley/domain/call/call';
import { foldCall } from '@parley/domain/call/fold-call';
import { describe, expect, it } from 'vitest';
import type { HubEvent } from '../hub/hub-event.js';
import { whyClosed, whyNotIn } from './why-closed.js';

const mine = { call: 5, participant: 7, user: 'ann', device: 'phone' };
const event = (
  type: string,
  data: object = {},
  actor = 'bob',
  change?: Partial<HubEvent['change']>,
): HubEvent => ({
  seq: 9,
  live: { conversationId: 'c', seq: 9, type, at: 1, actor, commandId: 'x', data } as HubEvent['live'],
  ...(change === undefined ? {} : { change: { joined: [], left: [], ...change } }),
});
const left = (participant: number, why: string, call = 5) =>
  event('call.left', { call, participant, user: 'ann', why });

describe('a participant is no longer in the call', () => {
  it.each([
    ['when it left', left(7, 'left'), 'left'],
    ['when a moderator put it out', left(7, 'removed'), 'removed'],
    ['when nobody heard of it', left(7, 'lost'), 'lost'],
    ['when its device joined again', event('call.joined', { call: 5, device: 'phone' }, 'ann'), 'replaced'],
    ['when the call ended', event('call.ended', { call: 5 }), 'ended'],
    ['when another call began', event('call.started', { media: 'voice' }), 'ended'],
    ['when its user left', event('member.left', {}, 'ann', { left: ['ann'] }), 'left'],
    ['when its user was removed', event('member.removed', {}, 'bob', { left: ['ann'] }), 'removed'],
    ['when its user was erased', event('member.erased', {}, 'ann', { left: ['ann'] }), 'removed'],
    ['when the conversation was closed', event('conversation.closed'), 'ended'],
    ['when the conversation was erased', event('conversation.erased'), 'ended'],
  ] as const)('%s', (_, happened, why) => {
    expect(whyClosed(mine, happened, [])).toBe(why);
  });

  it('when its user was banned, who is named by those who know the hash', () => {
    const ban = event('member.banned', {}, 'bob', { bannedHash: 'h' });
    expect(whyClosed(mine, ban, ['ann'])).toBe('removed');
    expect(whyClosed(mine, ban, ['eve'])).toBeUndefined();
  });
});

describe('a participant stays', () => {
  it.each([
    ['when another left', left(8, 'left')],
    ['when one of an earlier call left', left(7, 'left', 4)],
    ['when another device of its user joins', event('call.joined', { call: 5, device: 'desk' }, 'ann')],
    ['when another user joins by a device of that name', event('call.joined', { call: 5, device: 'phone' })],
    ['when another was removed', event('member.removed', {}, 'bob', { left: ['eve'] })],
    ['when something is said', event('message.sent', {})],
    ['when an event cannot be read', { seq: 9, live: undefined }],
  ] as const)('%s', (_, happened) => {
    expect(whyClosed(mine, happened, [])).toBeUndefined();
  });
});

it('says the same as the fold of the call', () => {
  const happened = [
    { type: 'call.started', data: { media: 'voice', device: 'desk', p2pMax: 4 }, actor: 'bob' },
    { type: 'call.joined', data: { call: 1, device: 'phone' }, actor: 'ann' },
    { type: 'call.joined', data: { call: 1, device: 'phone' }, actor: 'eve' },
    { type: 'call.joined', data: { call: 1, device: 'phone' }, actor: 'ann' },
    { type: 'call.left', data: { call: 1, participant: 4, user: 'ann', why: 'left' }, actor: 'ann' },
  ] as const;
  let call: ReturnType<typeof foldCall>;
  for (const [index, one] of happened.entries()) {
    const seq = index + 1;
    const before = call;
    call = foldCall(call, { ...one, seq, at: 1 } as never);
    for (const { participant, user, device } of before?.participants.values() ?? []) {
      const isIn = call !== undefined && participantOf(call, participant) !== undefined;
      const live = { conversationId: 'c', seq, at: 1, commandId: 'x', ...one } as HubEvent['live'];
      const why = whyClosed({ call: 1, participant, user, device }, { seq, live }, []);
      expect([seq, participant, why === undefined]).toEqual([seq, participant, isIn]);
    }
  }
});

describe('where it is not known what happened', () => {
  const participant = { participant: 7, user: 'ann', device: 'phone', at: 1 };
  it('the log as it is now says whether a participant is in the call', () => {
    expect(whyNotIn(mine, undefined)).toBe('ended');
    expect(whyNotIn(mine, { call: 9, participants: [participant] })).toBe('ended');
    expect(whyNotIn(mine, { call: 5, participants: [] })).toBe('left');
    expect(whyNotIn(mine, { call: 5, participants: [{ ...participant, participant: 8 }] })).toBe('replaced');
    expect(whyNotIn(mine, { call: 5, participants: [participant] })).toBeUndefined();
  });
});
