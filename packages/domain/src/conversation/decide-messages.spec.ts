import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../ids.js';
import { command, NOON, text } from '../testing/commands.js';
import { created, given, happened, manySent, sent, sentUntil } from '../testing/given.js';
import { closeBody, closeTitle } from './body.js';
import type { Command } from './commands.js';
import { targetSought } from './decide-messages.js';

const ROLES = { ann: 'owner', bob: 'admin', cem: 'member', dan: 'member' } as const;
const group = created('group', ROLES);
const channel = created('channel', ROLES);
const direct = created('direct', { ann: 'member', bob: 'member' });
const send = (actor: string, more: object = {}) =>
  command('message.send', actor, { body: text('hello'), ...more });
const hello = closeBody(text('hello'));

describe('sending', () => {
  it('is for every member of a group and both of a direct conversation', () => {
    for (const actor of ['ann', 'bob', 'cem'])
      given(group).when(send(actor)).makes('message.sent', { ordinal: 1, body: hello });
    for (const actor of ['ann', 'bob'])
      given(direct).when(send(actor)).makes('message.sent', { ordinal: 1, body: hello });
  });

  it('is for owners and admins of a channel', () => {
    for (const actor of ['ann', 'bob'])
      given(channel).when(send(actor)).makes('message.sent', { ordinal: 1, body: hello });
    given(channel).when(send('cem')).isRefused('NotAllowed', 'only admins post in a channel');
  });

  it('is not for who left, was removed, or was banned', () => {
    given(group, happened('cem', 'member.left', {}))
      .when(send('cem'))
      .isRefused('NotAMember');
    given(group, happened('ann', 'member.removed', { users: ['cem'] }))
      .when(send('cem'))
      .isRefused('NotAMember');
  });

  it('numbers messages densely, whatever lies between them', () => {
    given(
      group,
      sent('ann', 1),
      happened('ann', 'conversation.renamed', { title: closeTitle('Roses') }),
      sent('cem', 2),
    )
      .when(send('dan'))
      .makes('message.sent', { ordinal: 3, body: hello });
    given(group, sent('ann', 1), happened('ann', 'message.deleted', { seq: 2 }))
      .when(send('dan'))
      .makes('message.sent', { ordinal: 2, body: hello });
  });

  it('fixes when the message expires, by the life set at that time', () => {
    const hourly = created('group', ROLES, 3_600);
    given(hourly)
      .when(send('cem'))
      .makes('message.sent', { ordinal: 1, body: hello, expiresAt: NOON + 3_600_000 });
    given(hourly, happened('ann', 'conversation.ttlSet', { ttl: 5 }))
      .when(send('cem'))
      .makes('message.sent', { ordinal: 1, body: hello, expiresAt: NOON + 5_000 });
    given(hourly, happened('ann', 'conversation.ttlSet', { ttl: null }))
      .when(send('cem'))
      .makes('message.sent', { ordinal: 1, body: hello });
  });

  it('lets a message live shorter than the others, never longer', () => {
    const hourly = created('group', ROLES, 3_600);
    for (const [garden, ttl] of [
      [hourly, 5],
      [hourly, 3_600],
      [group, 31_536_000],
    ] as const)
      given(garden)
        .when(send('cem', { ttl }))
        .makes('message.sent', { ordinal: 1, body: hello, expiresAt: NOON + ttl * 1_000 });
    given(hourly)
      .when(send('cem', { ttl: 3_601 }))
      .isRefused('LifeNotAllowed', 'at most 3600 s here');
  });

  it('keeps the time an imported message had, and counts its life from now', () => {
    given(created('group', ROLES, 60))
      .when(send('cem', { sentAt: 1_100_000_000_000 }))
      .makes('message.sent', {
        ordinal: 1,
        body: hello,
        sentAt: 1_100_000_000_000,
        expiresAt: NOON + 60_000,
      });
  });

  it('answers what there is, and nothing beyond the newest event', () => {
    given(group, sent('ann', 1))
      .when(send('cem', { replyTo: 2 }))
      .makes('message.sent', { ordinal: 2, body: hello, replyTo: 2 });
    given(group, sent('ann', 1))
      .when(send('cem', { replyTo: 3 }))
      .isRefused('MessageNotFound', 'seq 3');
  });
});

describe('editing', () => {
  const edit = (actor: string, seq: number) => command('message.edit', actor, { seq, body: text('hello') });

  it('is for the author alone', () => {
    given(group, sent('cem', 1)).when(edit('cem', 2)).makes('message.edited', { seq: 2, body: hello });
    for (const actor of ['ann', 'bob', 'dan', SYSTEM]) {
      given(group, sent('cem', 1)).when(edit(actor, 2)).isRefused('NotTheAuthor');
    }
  });

  it('says when the life of the message is over, and does not happen from then on', () => {
    const message = (expiresAt: number) =>
      happened('cem', 'message.sent', { ordinal: 1, body: hello, expiresAt });
    given(group, message(NOON + 1))
      .when(edit('cem', 2))
      .makes('message.edited', { seq: 2, body: hello, expiresAt: NOON + 1 });
    given(group, message(NOON)).when(edit('cem', 2)).isRefused('MessageNotFound', 'seq 2');
  });

  it('finds no message that is gone, is something else, or is yet to come', () => {
    given(group, sent('cem', 1), happened('cem', 'message.deleted', { seq: 2 }))
      .when(edit('cem', 2))
      .isRefused('MessageNotFound', 'seq 2');
    given(group, sent('cem', 1), happened(SYSTEM, 'message.expired', { ranges: [[1, 2]] }))
      .when(edit('cem', 2))
      .isRefused('MessageNotFound', 'seq 2');
    given(group).when(edit('ann', 1)).isRefused('MessageNotFound', 'seq 1');
    given(group).when(edit('ann', 2)).isRefused('MessageNotFound', 'seq 2');
  });
});

describe('deleting for everyone', () => {
  const erase = (actor: string, seq: number) => command('message.delete', actor, { seq });

  it('is for the author, owners, admins and the system', () => {
    for (const actor of ['cem', 'ann', 'bob', SYSTEM]) {
      given(group, sent('cem', 1)).when(erase(actor, 2)).makes('message.deleted', { seq: 2 });
    }
    given(group, sent('cem', 1)).when(erase('dan', 2)).isRefused('NotTheAuthor');
    given(direct, sent('ann', 1)).when(erase('bob', 2)).isRefused('NotTheAuthor');
  });

  it('does nothing to what is gone already', () => {
    for (const gone of [
      happened('cem', 'message.deleted', { seq: 2 }),
      happened(SYSTEM, 'message.expired', { ranges: [[2, 2]] }),
    ]) {
      given(group, sent('cem', 1), gone).when(erase('cem', 2)).makesNothing();
    }
  });

  it('finds no message that is something else or yet to come', () => {
    given(group).when(erase('ann', 1)).isRefused('MessageNotFound', 'seq 1');
    given(group).when(erase('ann', 2)).isRefused('MessageNotFound', 'seq 2');
  });
});

describe('reacting', () => {
  const react = (actor: string, seq: number, remove?: boolean) =>
    command('message.react', actor, { seq, emoji: '🌹', ...(remove === undefined ? {} : { remove }) });

  it('is for every member, also of a channel, to any message', () => {
    for (const garden of [group, channel]) {
      given(garden, sent('ann', 1))
        .when(react('cem', 2))
        .makes('message.reacted', { seq: 2, emoji: '🌹', removed: false });
    }
  });

  it('says when the life of the message is over, and does not happen from then on', () => {
    const message = (expiresAt: number) =>
      happened('cem', 'message.sent', { ordinal: 1, body: hello, expiresAt });
    given(group, message(NOON + 1))
      .when(react('ann', 2))
      .makes('message.reacted', { seq: 2, emoji: '🌹', removed: false, expiresAt: NOON + 1 });
    given(group, message(NOON)).when(react('ann', 2)).isRefused('MessageNotFound', 'seq 2');
  });

  it('can be taken back', () => {
    given(group, sent('ann', 1))
      .when(react('cem', 2, true))
      .makes('message.reacted', { seq: 2, emoji: '🌹', removed: true });
    given(group, sent('ann', 1))
      .when(react('cem', 2, false))
      .makes('message.reacted', { seq: 2, emoji: '🌹', removed: false });
  });

  it('finds no message that is gone, is something else, or is yet to come', () => {
    given(group, sent('cem', 1), happened('cem', 'message.deleted', { seq: 2 }))
      .when(react('cem', 2))
      .isRefused('MessageNotFound', 'seq 2');
    given(group).when(react('ann', 1)).isRefused('MessageNotFound', 'seq 1');
    given(group).when(react('ann', 9)).isRefused('MessageNotFound', 'seq 9');
  });
});

describe('pinning', () => {
  const pin = (actor: string, seq = 2) => command('message.pin', actor, { seq });
  const unpin = (actor: string, seq = 2) => command('message.unpin', actor, { seq });
  const pinned = (seq: number) => happened('ann', 'message.pinned', { seq, author: 'cem' });

  it('is for owners and admins, and for both of a direct conversation', () => {
    for (const garden of [group, channel]) {
      for (const actor of ['ann', 'bob'])
        given(garden, sent('cem', 1)).when(pin(actor)).makes('message.pinned', { seq: 2, author: 'cem' });
      given(garden, sent('cem', 1)).when(pin('cem')).isRefused('NotAllowed');
      given(garden, sent('cem', 1), pinned(2)).when(unpin('cem')).isRefused('NotAllowed');
    }
    given(direct, sent('ann', 1)).when(pin('bob')).makes('message.pinned', { seq: 2, author: 'ann' });
  });

  it('says when the message ends', () => {
    given(group, sentUntil(NOON + 1, 'cem', 1))
      .when(pin('ann'))
      .makes('message.pinned', { seq: 2, author: 'cem', expiresAt: NOON + 1 });
  });

  it('needs a message that is there', () => {
    given(group).when(pin('ann', 1)).isRefused('MessageNotFound', 'seq 1');
    given(group).when(pin('ann', 9)).isRefused('MessageNotFound', 'seq 9');
    given(group, sentUntil(NOON, 'cem', 1))
      .when(pin('ann'))
      .isRefused('MessageNotFound', 'seq 2');
    given(group, sent('cem', 1), happened('cem', 'message.deleted', { seq: 2 }))
      .when(pin('ann'))
      .isRefused('MessageNotFound', 'seq 2');
  });

  it('does nothing where it is so already', () => {
    given(group, sent('cem', 1), pinned(2)).when(pin('ann')).makesNothing();
    given(group, sent('cem', 1)).when(unpin('ann')).makesNothing();
    given(group, sent('cem', 1), pinned(2)).when(unpin('bob')).makes('message.unpinned', { seq: 2 });
  });

  it('is for so many at once', () => {
    const many = Array.from({ length: 50 }, (_, i) => pinned(i + 2));
    given(group, ...manySent('cem', 51), ...many)
      .when(pin('ann', 52))
      .isRefused('TooManyPins', 'at most 50');
    given(group, ...manySent('cem', 51), ...many, happened('ann', 'message.unpinned', { seq: 2 }))
      .when(pin('ann', 52))
      .makes('message.pinned', { seq: 52, author: 'cem' });
  });
});

describe('expiring', () => {
  const expire = (actor: string, ranges: readonly (readonly [number, number])[]) =>
    command('message.expire', actor, { ranges: ranges.map(([from, to]): [number, number] => [from, to]) });

  const over = (ordinal: number) => sentUntil(NOON, 'cem', ordinal);

  it('is for the system alone', () => {
    given(group, over(1))
      .when(expire(SYSTEM, [[2, 2]]))
      .makes('message.expired', { ranges: [[2, 2]] });
    for (const actor of ['ann', 'bob', 'cem']) {
      given(group, over(1))
        .when(expire(actor, [[2, 2]]))
        .isRefused('NotAllowed', 'messages expire by the clock alone');
    }
  });

  it('keeps the ranges that exist, and does nothing where none does', () => {
    given(group, ...[1, 2, 3, 4, 5].map(over))
      .when(
        expire(SYSTEM, [
          [2, 3],
          [5, 4],
          [6, 6],
          [6, 7],
        ]),
      )
      .makes('message.expired', {
        ranges: [
          [2, 3],
          [6, 6],
        ],
      });
    given(group, over(1))
      .when(
        expire(SYSTEM, [
          [2, 3],
          [2, 1],
        ]),
      )
      .makesNothing();
  });

  it('is refused where a message of the range has time left, or no end', () => {
    for (const left of [sentUntil(NOON + 1, 'cem', 2), sent('cem', 2)]) {
      given(group, over(1), left)
        .when(expire(SYSTEM, [[2, 3]]))
        .isRefused('NotAllowed', 'the time of seq 3 is not over');
      given(group, over(1), left)
        .when(expire(SYSTEM, [[2, 2]]))
        .makes('message.expired', { ranges: [[2, 2]] });
    }
  });

  it('is for messages that were deleted too, at their time', () => {
    given(group, over(1), happened('cem', 'message.deleted', { seq: 2 }))
      .when(expire(SYSTEM, [[2, 2]]))
      .makes('message.expired', { ranges: [[2, 2]] });
  });

  it('waits for the end of a legal hold', () => {
    given(group, over(1), happened('olga', 'conversation.held', { reason: 'case 7' }))
      .when(expire(SYSTEM, [[2, 2]]))
      .isRefused('OnLegalHold', 'case 7');
  });

  it('goes on in a conversation that is closed', () => {
    given(group, over(1), happened('ann', 'conversation.closed', {}))
      .when(expire(SYSTEM, [[2, 2]]))
      .makes('message.expired', { ranges: [[2, 2]] });
    given(group, over(1), happened('ann', 'conversation.closed', {}))
      .when(expire('ann', [[2, 2]]))
      .isRefused('NotAllowed', 'messages expire by the clock alone');
  });
});

describe('a message beyond the remembered window', () => {
  const old = given(group, sent('cem', 1), ...manySent('ann', 400, 2));
  const edit = (actor: string, seq: number) => command('message.edit', actor, { seq, body: text('hello') });
  const others = (actor: string, seq: number) => [
    command('message.delete', actor, { seq }),
    command('message.react', actor, { seq, emoji: '🌹' }),
  ];

  it('is sought, for each command that is about one', () => {
    for (const about of [edit('cem', 2), ...others('cem', 2)]) expect(targetSought(old.state, about)).toBe(2);
  });

  it('is not sought while it is remembered, before it exists, or for other commands', () => {
    for (const seq of [402, 403, 9_999]) {
      for (const about of [edit('cem', seq), ...others('cem', seq)])
        expect(targetSought(old.state, about)).toBeUndefined();
    }
    expect(targetSought(given(group, sent('cem', 1)).state, edit('cem', 2))).toBeUndefined();
    expect(targetSought(old.state, send('cem', { replyTo: 2 }))).toBeUndefined();
    expect(targetSought(old.state, command('conversation.close', 'ann', {}))).toBeUndefined();
  });

  it('is treated by the author who was found', () => {
    old.when(edit('cem', 2), { author: 'cem' }).makes('message.edited', { seq: 2, body: hello });
    old.when(edit('ann', 2), { author: 'cem' }).isRefused('NotTheAuthor');
    old
      .when(command('message.delete', 'ann', { seq: 2 }), { author: 'cem' })
      .makes('message.deleted', { seq: 2 });
    old.when(command('message.delete', 'dan', { seq: 2 }), { author: 'cem' }).isRefused('NotTheAuthor');
    old
      .when(command('message.react', 'dan', { seq: 2, emoji: '+1' }), { author: 'cem' })
      .makes('message.reacted', { seq: 2, emoji: '+1', removed: false });
  });

  it('does not exist when none was found, or nobody looked', () => {
    for (const about of [edit('cem', 2), ...others('cem', 2)]) {
      old.when(about, 'none').isRefused('MessageNotFound', 'seq 2');
      old.when(about).isRefused('MessageNotFound', 'seq 2');
    }
  });

  it('is there for nobody when it was found to be gone, and need not be deleted again', () => {
    const [remove, react] = others('cem', 2) as [Command, Command];
    for (const about of [edit('cem', 2), react])
      old.when(about, 'gone').isRefused('MessageNotFound', 'seq 2');
    old.when(remove, 'gone').makesNothing();
  });

  it('is not taken for the one that is remembered', () => {
    old.when(edit('cem', 402), { author: 'cem' }).isRefused('NotTheAuthor');
  });
});
