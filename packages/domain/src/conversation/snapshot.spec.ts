import { describe, expect, it } from 'vitest';
import { deviceKey } from '../call/call.js';
import { SYSTEM } from '../ids.js';
import { hashOf, NOON } from '../testing/commands.js';
import { created, fold, happened, manySent, type Past } from '../testing/given.js';
import { closeTitle } from './body.js';
import { fromSnapshot, SNAPSHOT_VERSION, toSnapshot } from './snapshot.js';
import { type Conversation, initial, type Open } from './state.js';

const history: readonly Past[] = [
  created('group', { ann: 'owner', bob: 'admin', cem: 'member' }, 60),
  happened('ann', 'conversation.renamed', { title: closeTitle('Roses') }),
  ...manySent('bob', 500),
  happened('bob', 'message.deleted', { seq: 480 }),
  happened(SYSTEM, 'message.expired', {
    ranges: [
      [300, 310],
      [502, 502],
    ],
  }),
  happened('ann', 'member.banned', { banHash: hashOf('cem') }),
  happened('bob', 'call.started', { media: 'video', device: 'phone', p2pMax: 2 }),
  happened('ann', 'call.joined', { call: 506, device: 'laptop' }),
  happened('bob', 'call.joined', { call: 506, device: 'laptop' }),
  happened('ann', 'call.muted', { call: 506, user: 'bob', muted: true }),
  happened('ann', 'call.broadcastSet', { call: 506, source: 'mix' }),
];
const json = (state: Conversation): Record<string, unknown> => JSON.parse(JSON.stringify(toSnapshot(state)));
const changed = (change: object) => fromSnapshot({ ...json(fold(history)), ...change });

describe('a snapshot', () => {
  it('gives back the state it was made of, open, closed and absent', () => {
    const closed = [...history, happened('ann', 'conversation.closed', {})];
    for (const state of [
      fold(history),
      fold(closed),
      fold(history.slice(0, 1)),
      initial,
      fold([happened('ann', 'member.left', {})]),
    ]) {
      expect(fromSnapshot(json(state))).toStrictEqual(state);
    }
  });

  it('keeps the order in which sources were used, since it says which is forgotten first', () => {
    const state = fold(history);
    const producers = state.producers
      .with([
        ['b', 1],
        ['a', 2],
        ['c', 3],
      ])
      .with([['b', 4]]);
    const restored = fromSnapshot(json({ ...state, producers }));
    expect([...(restored?.producers ?? [])]).toStrictEqual([
      ['a', 2],
      ['c', 3],
      ['b', 4],
    ]);
  });

  it('is pinned: this one must be read until the version is raised', () => {
    expect(SNAPSHOT_VERSION).toBe(4);
    const state = fromSnapshot({
      version: 4,
      tag: 'open',
      revision: 3,
      deeds: [
        ['ann', 'c-1', 'conversation.created', 1, NOON],
        ['ann', 'c-2', 'message.sent', 2, NOON],
        ['ann', 'c-3', 'message.deleted', 3, NOON],
      ],
      gone: [2],
      expiring: [[2, NOON + 5_000]],
      producers: [['log.txt', 17]],
      isIncoming: false,
      kind: 'group',
      title: null,
      ttl: null,
      expiresAt: null,
      hold: { reason: 'case 7', since: NOON, by: 'olga' },
      pins: [{ seq: 2, author: 'ann' }],
      members: [['ann', 'owner', 1, 'h1']],
      bans: ['h2'],
      messages: 1,
      call: {
        call: 3,
        media: 'voice',
        by: 'ann',
        at: NOON,
        p2pMax: 4,
        topology: 'sfu',
        participants: [[3, 'ann', 'phone', NOON]],
        muted: ['bob'],
        broadcast: null,
      },
    });
    expect(state).toMatchObject({ tag: 'open', revision: 3, owners: 1, messages: 1, title: undefined });
    expect(state?.recent.tail.map(({ gone }) => gone)).toStrictEqual([undefined, true, undefined]);
    expect(state).toMatchObject({ call: { call: 3, topology: 'sfu', muted: new Set(['bob']) } });
    const { call } = state as Open;
    expect(call?.participants.get(deviceKey('ann', 'phone'))).toMatchObject({ participant: 3, at: NOON });
  });

  it('of another version is discarded', () => {
    expect(changed({})).toBeDefined();
    for (const version of [SNAPSHOT_VERSION + 1, SNAPSHOT_VERSION - 1, '1', undefined])
      expect(changed({ version })).toBeUndefined();
  });

  it('that is damaged is discarded', () => {
    for (const field of Object.keys(json(fold(history))))
      expect(changed({ [field]: undefined }), field).toBeUndefined();
    for (const damage of [
      { tag: 'ajar' },
      { revision: -1 },
      { deeds: [['ann', 'c-1', 'message.painted', 1, NOON]] },
      { deeds: [['ann', 'c-1', 'message.sent', 1]] },
      { members: [['ann', 'king', 1, 'h1']] },
      { members: { ann: 'owner' } },
      { bans: ['not a hash!'] },
      { producers: [['log.txt', 0]] },
      { messages: 1.5 },
      { call: { call: 3 } },
      { call: [] },
    ]) {
      expect(changed(damage), JSON.stringify(damage)).toBeUndefined();
    }
    for (const input of [undefined, null, 5, 'x', [], {}]) expect(fromSnapshot(input)).toBeUndefined();
  });
});
