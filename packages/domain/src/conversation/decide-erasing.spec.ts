import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../ids.js';
import { type command as Command, command, NOON } from '../testing/commands.js';
import { created, given, happened, sent } from '../testing/given.js';
import type { CommandOf, CommandType } from './commands.js';
import { roleOf, stands } from './state.js';

const ROLES = { ann: 'owner', bob: 'admin', cem: 'member' } as const;
const group = created('group', ROLES);
const direct = created('direct', { ann: 'member', bob: 'member' });
const closed = happened('ann', 'conversation.closed', {});
const held = happened('olga', 'conversation.held', { reason: 'case 7' });
const over = happened('ann', 'conversation.expirySet', { expiresAt: NOON });
const erased = happened('ann', 'conversation.erased', {});

/** By somebody whose token has the scope for it. */
const byOperator = <T extends CommandType>(
  type: T,
  data: Parameters<typeof Command<T>>[2],
  actor = 'olga',
): CommandOf<T> => ({ ...command(type, actor, data), asOperator: true });

describe('a legal hold', () => {
  const hold = (reason = 'case 7') => byOperator('conversation.hold', { reason });
  const release = byOperator('conversation.release', {});

  it('is put and lifted by operators, who need not be members, whatever the conversation is', () => {
    for (const past of [[group], [group, closed], [direct], [group, over]]) {
      given(...past)
        .when(hold())
        .makes('conversation.held', { reason: 'case 7' });
      given(...past, held)
        .when(release)
        .makes('conversation.released', {});
    }
  });

  it('is for no member, not even an owner, nor for the system', () => {
    for (const actor of ['ann', SYSTEM]) {
      given(group)
        .when(command('conversation.hold', actor, { reason: 'case 7' }))
        .isRefused('ScopeMissing', "holds need the scope 'hold'");
      given(group, held)
        .when(command('conversation.release', actor, {}))
        .isRefused('ScopeMissing', "holds need the scope 'hold'");
    }
  });

  it('says why, since when and by whom, and is another one for another reason', () => {
    const { state } = given(group, held);
    if (!stands(state)) throw new Error(state.tag);
    expect(state.hold).toStrictEqual({ reason: 'case 7', since: NOON - 999, by: 'olga' });
    given(group, held).when(hold()).makesNothing();
    given(group, held).when(hold('case 8')).makes('conversation.held', { reason: 'case 8' });
    given(group).when(release).makesNothing();
  });

  it('keeps everything from being deleted and erased, and says why', () => {
    const past = [group, sent('cem', 1), held];
    for (const each of [
      command('message.delete', 'cem', { seq: 2 }),
      command('message.delete', 'ann', { seq: 2 }),
      command('conversation.erase', 'ann', {}),
      byOperator('conversation.erase', {}),
      command('member.erase', SYSTEM, { user: 'cem' }),
      command('message.erase', SYSTEM, { seq: 2, remains: [] }),
    ]) {
      given(...past)
        .when(each)
        .isRefused('OnLegalHold', 'case 7');
    }
    given(group, over, held)
      .when(command('conversation.erase', SYSTEM, {}))
      .isRefused('OnLegalHold', 'case 7');
  });

  it('keeps nobody from talking', () => {
    const past = [group, sent('cem', 1), held];
    given(...past)
      .when(command('message.react', 'bob', { seq: 2, emoji: '🌹' }))
      .makes('message.reacted', { seq: 2, emoji: '🌹', removed: false });
    given(...past)
      .when(command('member.leave', 'cem', {}))
      .makes('member.left', {});
  });
});

describe('an operator', () => {
  it('is let in for what operators do, and for nothing else', () => {
    for (const each of [
      byOperator('conversation.rename', { title: 'Mine' }),
      byOperator('message.send', { body: { kind: 'text', text: 'hello' } }),
      byOperator('member.add', { users: ['olga'] }),
    ]) {
      given(group).when(each).isRefused('NotAMember');
      given(direct).when(each).isRefused('ConversationNotFound');
    }
  });
});

describe('erasing a conversation', () => {
  const erase = (actor: string) => command('conversation.erase', actor, {});

  it('is for its owners, open or closed, and for operators', () => {
    for (const past of [[group], [group, closed]]) {
      given(...past)
        .when(erase('ann'))
        .makes('conversation.erased', {});
      given(...past)
        .when(byOperator('conversation.erase', {}))
        .makes('conversation.erased', {});
      for (const actor of ['bob', 'cem'])
        given(...past)
          .when(erase(actor))
          .isRefused('NotAllowed');
    }
  });

  it('is for operators alone where it is a direct one', () => {
    given(direct)
      .when(erase('ann'))
      .isRefused('NotForThisKind', 'an operator alone erases a direct conversation');
    given(direct).when(byOperator('conversation.erase', {})).makes('conversation.erased', {});
  });

  it('is for the system when its time is over, and no moment earlier', () => {
    given(group, over).when(erase(SYSTEM)).makes('conversation.erased', {});
    for (const past of [[group], [group, happened('ann', 'conversation.expirySet', { expiresAt: NOON + 1 })]])
      given(...past)
        .when(erase(SYSTEM))
        .isRefused('NotAllowed', 'its time is not over');
  });

  it('leaves nothing but that it was, and the command that did it', () => {
    const { state } = given(group, sent('cem', 1), erased);
    expect(Object.keys(state).sort()).toStrictEqual(['isIncoming', 'producers', 'recent', 'revision', 'tag']);
    expect(state).toMatchObject({ tag: 'erased', revision: 3 });
  });

  it('is the end: nobody finds it, nothing is done to it, and its id is not given again', () => {
    for (const each of [erase('ann'), command('message.send', 'ann', { body: { kind: 'text', text: 'hi' } })])
      given(group, erased).when(each).isRefused('ConversationNotFound');
    given(group, erased)
      .when(command('conversation.create', 'ann', { kind: 'group', members: [] }))
      .isRefused('ConversationExists', 'it was erased; its id is not given again');
    for (const each of [
      byOperator('conversation.erase', {}),
      erase(SYSTEM),
      command('message.expire', SYSTEM, { ranges: [[1, 1]] }),
      command('member.erase', SYSTEM, { user: 'cem' }),
    ])
      given(group, erased).when(each).makesNothing();
    given(group, erased).when(byOperator('conversation.release', {})).isRefused('ConversationNotFound');
  });
});

describe('erasing a person', () => {
  const erase = (user: string, actor = SYSTEM) => command('member.erase', actor, { user });

  it('is for the system alone', () => {
    given(group).when(erase('cem')).makes('member.erased', { user: 'cem' });
    for (const actor of ['ann', 'cem'])
      given(group).when(erase('cem', actor)).isRefused('NotAllowed', 'a person is erased by account.erase');
  });

  it('reaches what they wrote before they left', () => {
    given(group, sent('cem', 1), happened('cem', 'member.left', {}))
      .when(erase('cem'))
      .makes('member.erased', { user: 'cem' });
  });

  it('makes the admin who is there longest the owner where they were the last one, else the member who is', () => {
    const entry = (user: string, role: 'admin' | 'member') => ({ user, role, banHash: `h-${user}` });
    const later = happened('ann', 'member.added', { members: [entry('dan', 'admin')] });
    given(group, later).when(erase('ann')).makes('member.erased', { user: 'ann', successor: 'bob' });
    given(group, happened('bob', 'member.left', {}), later)
      .when(erase('ann'))
      .makes('member.erased', { user: 'ann', successor: 'dan' });
    const state = given(created('group', { ann: 'owner', cem: 'member', eve: 'member' }))
      .when(erase('ann'))
      .makes('member.erased', { user: 'ann', successor: 'cem' });
    expect(roleOf(state, 'cem')).toBe('owner');
    expect(state).toMatchObject({ owners: 1, members: { size: 2 } });
  });

  it('names nobody where another owner stays, nobody does, or there are no roles', () => {
    given(created('group', { ann: 'owner', bob: 'owner' }))
      .when(erase('ann'))
      .makes('member.erased', { user: 'ann' });
    given(created('group', { ann: 'owner' }))
      .when(erase('ann'))
      .makes('member.erased', { user: 'ann' });
    given(direct).when(erase('ann')).makes('member.erased', { user: 'ann' });
  });

  it('takes their messages and the pins of these along, and no others', () => {
    const pinned = (seq: number, author: string) => happened('ann', 'message.pinned', { seq, author });
    const { state } = given(
      group,
      sent('cem', 1),
      sent('bob', 2),
      pinned(2, 'cem'),
      pinned(3, 'bob'),
      happened(SYSTEM, 'member.erased', { user: 'cem' }),
    );
    expect(state).toMatchObject({ pins: [{ seq: 3, author: 'bob' }] });
    expect(state.recent.tail.filter(({ gone }) => gone).map(({ seq }) => seq)).toStrictEqual([2]);
  });
});

describe('taking a message out of the log', () => {
  const erase = (seq: number, actor = SYSTEM) => command('message.erase', actor, { seq, remains: [] });
  const deleted = happened('cem', 'message.deleted', { seq: 2 });

  it('is for the system alone, once it is deleted', () => {
    given(group, sent('cem', 1), deleted).when(erase(2)).makes('message.erased', { seq: 2, remains: [] });
    given(group, sent('cem', 1), deleted)
      .when(erase(2, 'ann'))
      .isRefused('NotAllowed', 'a message is erased by message.delete');
    given(group, sent('cem', 1))
      .when(erase(2))
      .isRefused('NotAllowed', 'the message at seq 2 is not deleted');
  });
});
