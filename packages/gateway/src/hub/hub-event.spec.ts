import type { LiveEvent } from '@parley/domain/wire/live';
import { right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { hubEvent, type MembersNow, readPast, readStored } from './hub-event.js';

const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const stored = (type: string, data: unknown) => ({
  id: 'c:4',
  type,
  version: type === 'conversation.created' ? 2 : 1,
  conversationId: 'c',
  seq: 4,
  at: 1,
  actor: 'ann',
  commandId: 'x',
  data,
});

const eventOf = (type: string, data: unknown) => {
  const read = readStored(bytes(stored(type, data)));
  return 'right' in read ? hubEvent(read.right, undefined) : undefined;
};

describe('an event as it is stored', () => {
  it.each([
    [
      'member.added',
      { members: [{ user: 'bob', role: 'member', banHash: 'h' }] },
      { joined: ['bob'], left: [] },
    ],
    [
      'conversation.created',
      { kind: 'group', ttl: null, members: [{ user: 'bob', role: 'owner', banHash: 'h' }] },
      { joined: ['bob'], left: [] },
    ],
    ['member.removed', { users: ['bob', 'cat'] }, { joined: [], left: ['bob', 'cat'] }],
    ['member.left', {}, { joined: [], left: ['ann'] }],
    ['member.banned', { banHash: 'h' }, { joined: [], left: [], bannedHash: 'h' }],
    ['member.unbanned', { banHash: 'h' }, undefined],
    ['conversation.renamed', { title: 't' }, undefined],
  ])('says who enters and leaves by %s', (type, data, expected) => {
    const event = eventOf(type, data);
    expect(event).toMatchObject({ seq: 4, live: { seq: 4, type } });
    const change = event?.change;
    expect(change && { ...change, joined: change.joined.map(({ user }) => user) }).toEqual(expected);
  });

  it('shows clients neither ban hashes nor sealed forms', () => {
    expect(eventOf('member.banned', { banHash: 'h' })?.live?.data).toEqual({});
  });

  it('is there, if nothing more, when only a newer process can read it', () => {
    const read = readStored(bytes({ seq: 9, type: 'message.sung' }));
    expect(read).toEqual(right({ seq: 9, envelope: undefined }));
    expect('right' in read && hubEvent(read.right, undefined)).toEqual({ seq: 9, live: undefined });
  });

  it.each(['', 'no', '5', 'null', '[]', '{"seq":1.5}', '{"seq":"4"}'])('is none where it is %j', (text) => {
    expect(readStored(bytes(text))._tag).toBe('Left');
  });
});

describe('events of the past', () => {
  const live = (
    seq: number,
    type: LiveEvent['type'],
    data: Record<string, unknown> = {},
    actor = 'ann',
  ): LiveEvent => ({
    conversationId: 'c',
    seq,
    type,
    at: 1,
    actor,
    commandId: 'x',
    data,
  });
  const added = (seq: number, ...users: string[]) =>
    live(seq, 'member.added', { members: users.map((user) => ({ user, role: 'member' })) });
  const removed = (seq: number, ...users: string[]) => live(seq, 'member.removed', { users });
  const banned = (seq: number) => live(seq, 'member.banned');
  const now: MembersNow = { ann: { since: 1, banHash: 'ha' }, dan: { since: 7, banHash: 'hd' } };
  const leaving = (events: readonly LiveEvent[], here: string[]) =>
    readPast(events, now, here).flatMap(({ seq, change }) => (change?.left ?? []).map((user) => [seq, user]));

  it('let those in who still are members', () => {
    const [event] = readPast([added(7, 'dan', 'eve')], now, []);
    expect(event?.change).toEqual({ joined: [{ user: 'dan', banHash: 'hd' }], left: [] });
  });

  it('let out who was removed or left', () => {
    expect(leaving([removed(5, 'bob'), live(6, 'member.left', {}, 'cat')], ['ann', 'bob', 'cat'])).toEqual([
      [5, 'bob'],
      [6, 'cat'],
    ]);
  });

  it('let out by a ban who is no member any more', () => {
    expect(leaving([banned(5)], ['ann', 'bob'])).toEqual([[5, 'bob']]);
  });

  it('let out by a ban who became a member again later', () => {
    expect(leaving([banned(5), added(7, 'dan')], ['ann', 'dan'])).toEqual([[5, 'dan']]);
  });

  it('do not take a ban for those who left otherwise after it', () => {
    expect(leaving([banned(5), removed(6, 'cat')], ['bob', 'cat'])).toEqual([
      [5, 'bob'],
      [6, 'cat'],
    ]);
  });

  it('take a ban for who came back after it, and left again', () => {
    expect(leaving([banned(5), added(6, 'cat'), removed(8, 'cat')], ['cat'])).toEqual([
      [5, 'cat'],
      [8, 'cat'],
    ]);
  });

  it('are not misled by a user called like a property of all objects', () => {
    expect(leaving([banned(5)], ['constructor'])).toEqual([[5, 'constructor']]);
  });
});
