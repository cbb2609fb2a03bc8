import { describe, it } from 'vitest';
import { SYSTEM } from '../ids.js';
import { command, NOON, text } from '../testing/commands.js';
import { created, given, happened, sent } from '../testing/given.js';
import type { Command, CommandType } from './commands.js';

/** One command of each type, by someone, about a conversation where seq 2 is a message of cem. */
const each = (actor: string): Readonly<Record<Exclude<CommandType, 'conversation.create'>, Command>> => ({
  'conversation.rename': command('conversation.rename', actor, { title: 'Roses' }),
  'conversation.setTtl': command('conversation.setTtl', actor, { ttl: 60 }),
  'conversation.setExpiry': command('conversation.setExpiry', actor, { expiresAt: NOON + 60_000 }),
  'conversation.close': command('conversation.close', actor, {}),
  'conversation.hold': command('conversation.hold', actor, { reason: 'case 7' }),
  'conversation.release': command('conversation.release', actor, {}),
  'conversation.erase': command('conversation.erase', actor, {}),
  'member.add': command('member.add', actor, { users: ['eve'] }),
  'member.remove': command('member.remove', actor, { users: ['cem'] }),
  'member.leave': command('member.leave', actor, {}),
  'member.setRole': command('member.setRole', actor, { user: 'cem', role: 'admin' }),
  'member.ban': command('member.ban', actor, { user: 'eve' }),
  'member.unban': command('member.unban', actor, { user: 'eve' }),
  'member.erase': command('member.erase', actor, { user: 'cem' }),
  'message.send': command('message.send', actor, { body: text('hello') }),
  'message.edit': command('message.edit', actor, { seq: 2, body: text('hello') }),
  'message.delete': command('message.delete', actor, { seq: 2 }),
  'message.react': command('message.react', actor, { seq: 2, emoji: '🌹' }),
  'message.pin': command('message.pin', actor, { seq: 2 }),
  'message.unpin': command('message.unpin', actor, { seq: 2 }),
  'message.erase': command('message.erase', actor, { seq: 2, remains: [] }),
  'message.expire': command('message.expire', actor, { ranges: [[2, 2]] }),
  'call.start': command('call.start', actor, { media: 'voice' }),
  'call.join': command('call.join', actor, { call: 2 }),
  'call.leave': command('call.leave', actor, { call: 2, participant: 2 }),
  'call.mute': command('call.mute', actor, { call: 2, user: 'cem', muted: true }),
  'call.broadcast': command('call.broadcast', actor, { call: 2, source: 'mix' }),
  'call.end': command('call.end', actor, { call: 2 }),
});

/** What is done in conversations that are closed too. */
const goesOn = new Set<CommandType>([
  'message.expire',
  'message.erase',
  'member.erase',
  'conversation.hold',
  'conversation.release',
  'conversation.erase',
]);

const types = Object.keys(each('ann')) as Exclude<CommandType, 'conversation.create'>[];
const garden = created('group', { ann: 'owner', bob: 'admin', cem: 'member' });
const closed = happened('ann', 'conversation.closed', {});

describe.each(types)('%s', (type) => {
  it('finds no conversation before it is created, not even for the system', () => {
    for (const actor of ['ann', SYSTEM]) given().when(each(actor)[type]).isRefused('ConversationNotFound');
  });

  it('refuses strangers, and who was a member once', () => {
    for (const kind of ['group', 'channel'] as const) {
      given(created(kind, { ann: 'owner', cem: 'member' }))
        .when(each('eve')[type])
        .isRefused('NotAMember');
    }
    given(garden, sent('cem', 1), happened('cem', 'member.left', {}))
      .when(each('cem')[type])
      .isRefused('NotAMember');
  });

  it('shows strangers no direct conversation', () => {
    given(created('direct', { ann: 'member', bob: 'member' }))
      .when(each('eve')[type])
      .isRefused('ConversationNotFound');
  });

  it('refuses strangers before it says that the conversation is closed', () => {
    given(garden, sent('cem', 1), closed).when(each('eve')[type]).isRefused('NotAMember');
  });

  if (type !== 'conversation.close' && !goesOn.has(type)) {
    it('is refused by a conversation that is closed, to whoever asks', () => {
      for (const actor of ['ann', 'cem', SYSTEM]) {
        given(garden, sent('cem', 1), closed).when(each(actor)[type]).isRefused('ConversationClosed');
      }
    });
  }
});
