import type { CallEntry } from '@parley/client/timeline/timeline';
import { expect, it } from 'vitest';
import { wordsOfCall } from './call-words.js';

const call = (more: Partial<CallEntry>): CallEntry => ({
  seq: 5,
  media: 'voice',
  by: 'bob',
  at: 1_000_000,
  state: 'ended',
  joined: true,
  endedAt: 1_000_000 + 725_000,
  people: 2,
  users: ['bob', 'ann'],
  ...more,
});

it.each([
  [{ state: 'ongoing', people: 1 }, 'bob started a call', '1 person'],
  [{ state: 'ongoing', media: 'video', by: 'ann', people: 3 }, 'You started a video call', '3 people'],
  [{}, 'Call', '12 min'],
  [{ media: 'video', people: 5 }, 'Video call', '5 people, 12 min'],
  [{ by: 'ann', people: 1, endedAt: 1_000_400 }, 'You called', 'nobody answered'],
  [{ state: 'missed', joined: false, people: 1 }, 'Missed call from bob', ''],
  [{ state: 'missed', joined: false, media: 'video' }, 'Missed video call from bob', 'lasted 12 min'],
] as const)('%o is told as “%s”', (more, title, rest) => {
  expect(wordsOfCall(call(more), 'ann')).toEqual({ title, more: rest });
});
