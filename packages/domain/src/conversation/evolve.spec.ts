import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../ids.js';
import { envelop } from '../log/envelope.js';
import { GARDEN, hashOf, NOON } from '../testing/commands.js';
import { created, envelopes, fold, happened, manySent, sent } from '../testing/given.js';
import { closeTitle } from './body.js';
import { evolve } from './evolve.js';
import { recallCommand, recallSeq } from './recent.js';
import { toSnapshot } from './snapshot.js';
import { type Conversation, initial, type Open, stands } from './state.js';

const garden = created('group', { ann: 'owner', bob: 'admin', cem: 'member' }, 60);
const folded = (...past: Parameters<typeof fold>[0]): Open => {
  const state = fold([garden, ...past]);
  if (state.tag !== 'open') throw new Error('not open');
  return state;
};
const roles = (state: Conversation) =>
  stands(state) ? Object.fromEntries([...state.members].map(([user, { role }]) => [user, role])) : {};

describe('folding', () => {
  it('opens a conversation with what it was created with', () => {
    const { kind, title, ttl, owners, messages, revision, members } = folded();
    expect({ kind, title, ttl, owners, messages, revision }).toStrictEqual({
      kind: 'group',
      title: undefined,
      ttl: 60,
      owners: 1,
      messages: 0,
      revision: 1,
    });
    expect(members.get('ann')).toStrictEqual({ role: 'owner', since: 1, banHash: hashOf('ann') });
  });

  it('follows title, life of messages and closing', () => {
    expect(folded(happened('ann', 'conversation.renamed', { title: closeTitle('Roses') })).title).toBe(
      closeTitle('Roses'),
    );
    expect(folded(happened('ann', 'conversation.ttlSet', { ttl: null })).ttl).toBeNull();
    const closed = fold([garden, happened('ann', 'conversation.closed', {})]);
    expect(closed.tag).toBe('closed');
    expect(roles(closed)).toStrictEqual({ ann: 'owner', bob: 'admin', cem: 'member' });
  });

  it('follows who is a member, since when, and how many are owners', () => {
    const state = folded(
      happened('ann', 'member.added', { members: [{ user: 'dan', role: 'owner', banHash: hashOf('dan') }] }),
      happened('ann', 'member.removed', { users: ['bob', 'nobody', 'bob'] }),
      happened('cem', 'member.left', {}),
      happened('ann', 'member.roleSet', { user: 'ann', role: 'member' }),
      happened('dan', 'member.roleSet', { user: 'nobody', role: 'owner' }),
    );
    expect(roles(state)).toStrictEqual({ ann: 'member', dan: 'owner' });
    expect(state.owners).toBe(1);
    expect(state.members.get('dan')?.since).toBe(2);
    expect(state.members.get('ann')?.since).toBe(1);
  });

  it('counts owners rightly when one is removed, banned, leaves, or is named twice', () => {
    const two = happened('ann', 'member.roleSet', { user: 'cem', role: 'owner' });
    expect(folded(two).owners).toBe(2);
    expect(folded(two, happened('ann', 'member.removed', { users: ['cem', 'cem'] })).owners).toBe(1);
    expect(folded(two, happened('ann', 'member.banned', { banHash: hashOf('cem') })).owners).toBe(1);
    expect(folded(two, happened('cem', 'member.left', {})).owners).toBe(1);
    const twice = { user: 'dan', role: 'owner', banHash: hashOf('dan') } as const;
    expect(folded(happened('ann', 'member.added', { members: [twice, twice] })).owners).toBe(2);
    expect(
      folded(happened('ann', 'member.added', { members: [{ ...twice, user: 'ann', role: 'admin' }] })).owners,
    ).toBe(0);
  });

  it('keeps bans and lifts them', () => {
    const banned = happened('ann', 'member.banned', { banHash: hashOf('cem') });
    expect([...folded(banned).bans]).toStrictEqual([hashOf('cem')]);
    expect(roles(folded(banned))).toStrictEqual({ ann: 'owner', bob: 'admin' });
    expect(folded(banned, happened('ann', 'member.unbanned', { banHash: hashOf('cem') })).bans.size).toBe(0);
  });

  it('counts messages by their ordinals', () => {
    expect(folded(sent('ann', 1), sent('cem', 2)).messages).toBe(2);
    expect(folded(sent('ann', 5), sent('cem', 3)).messages).toBe(5);
  });

  it('marks messages gone that were deleted or have expired, in chunks and in the tail, and nothing else', () => {
    const state = folded(
      ...manySent('cem', 60),
      happened('cem', 'message.deleted', { seq: 3 }),
      happened(SYSTEM, 'message.expired', {
        ranges: [
          [1, 1],
          [10, 12],
          [60, 70],
        ],
      }),
    );
    const gone = Array.from({ length: state.revision }, (_, i) => i + 1).filter(
      (seq) => recallSeq(state.recent, seq)?.gone,
    );
    expect(gone).toStrictEqual([3, 10, 11, 12, 60, 61]);
  });

  it('changes nothing by an edit or a reaction but what every event leaves', () => {
    const before = folded(sent('cem', 1));
    for (const event of [
      happened('cem', 'message.edited', { seq: 2, body: 'p0.{}' }),
      happened('ann', 'message.reacted', { seq: 2, emoji: '🌹', removed: false }),
    ]) {
      const { revision, recent, ...after } = folded(sent('cem', 1), event);
      expect(before).toMatchObject(after);
      expect(revision).toBe(3);
      expect(recent.tail).toHaveLength(3);
    }
  });

  it('remembers each event by actor, command, type, seq and time', () => {
    const state = folded(sent('cem', 1, 'send-1'));
    expect(recallSeq(state.recent, 2)).toStrictEqual({
      actor: 'cem',
      commandId: 'send-1',
      type: 'message.sent',
      seq: 2,
      at: expect.any(Number),
    });
  });

  it('passes over a second creation, and over anything before the first', () => {
    const twice = fold([garden, created('channel', { eve: 'owner' })]);
    expect(roles(twice)).toStrictEqual({ ann: 'owner', bob: 'admin', cem: 'member' });
    const before = fold([sent('ann', 1), happened('ann', 'conversation.closed', {})]);
    expect(before).toMatchObject({ tag: 'absent', revision: 2 });
    expect(fold([sent('ann', 1), garden])).toMatchObject({ tag: 'open', revision: 2, messages: 0 });
  });

  it('never touches the state it was given', () => {
    const before = folded(sent('cem', 1));
    const seen = JSON.stringify([roles(before), before.recent, [...before.bans], before.owners]);
    folded(
      sent('cem', 1),
      happened('ann', 'member.banned', { banHash: hashOf('cem') }),
      happened('ann', 'message.deleted', { seq: 2 }),
    );
    expect(JSON.stringify([roles(before), before.recent, [...before.bans], before.owners])).toBe(seen);
  });
});

describe('folding a log that lacks what was erased', () => {
  const producer = { id: 'irc', position: 7 };
  const whole = envelopes([
    garden,
    sent('ann', 1),
    sent('cem', 2, 'mine'),
    happened('cem', 'message.edited', { seq: 3, body: 's1.m2026-01.x' }, 'mine-edited'),
    happened('cem', 'message.deleted', { seq: 3 }),
  ]).map((event) => (event.seq === 3 ? { ...event, producer } : event));
  const remains = whole
    .filter(({ seq }) => seq === 3 || seq === 4)
    .map(({ id: _, conversationId: __, ...rest }) => ({ ...rest, streamSeq: rest.seq, data: rest.data }));
  const erased = envelop(
    { type: 'message.erased', data: { seq: 3, remains } },
    { conversationId: GARDEN, seq: 6, at: NOON, actor: SYSTEM, commandId: 'erase-3' },
  );
  const live = [...whole, erased].reduce(evolve, initial as Conversation);
  const lacking = [...whole.filter(({ seq }) => seq !== 3 && seq !== 4), erased];

  it('gives what was folded while it was there', () => {
    expect(toSnapshot(lacking.reduce(evolve, initial as Conversation))).toStrictEqual(toSnapshot(live));
  });

  it('gives the same where some of it is still there', () => {
    for (const there of [3, 4]) {
      const some = [...whole.filter(({ seq }) => seq === there || (seq !== 3 && seq !== 4)), erased];
      const inOrder = some.toSorted((a, b) => a.seq - b.seq);
      expect(toSnapshot(inOrder.reduce(evolve, initial as Conversation))).toStrictEqual(toSnapshot(live));
    }
  });

  it('gives its ordinal to nobody else and does its command no second time', () => {
    const state = lacking.reduce(evolve, initial as Conversation);
    expect(stands(state) && state.messages).toBe(2);
    expect(recallCommand(state.recent, 'cem', 'mine')?.seq).toBe(3);
    expect(state.producers.get('irc')).toBe(7);
  });
});
