import { refuse } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';
import { afterEach, expect, it, vi } from 'vitest';
import type { Membership } from '../internal-api.js';
import { FRESH_MS, openWatchers } from './watchers.js';

afterEach(() => void vi.useRealTimers());

it('asks about who watches every ten seconds, and again when members change or nobody answered', async () => {
  let now = 0;
  let asked = 0;
  let isThere = true;
  let isAway = false;
  const watchers = openWatchers(
    {
      membership: async () => {
        asked++;
        if (isAway) return E.left(refuse('Unavailable'));
        const members = isThere ? { ann: { since: 1, banHash: '' } } : {};
        return E.right({ revision: 1, activeAt: 0, members } as Membership);
      },
    },
    () => now,
  );
  const check = () => watchers.check('c', 'ann');
  expect(await Promise.all([check(), check(), check()])).toEqual(Array(3).fill(E.right(undefined)));
  expect(asked).toBe(1);
  isThere = false;
  now = FRESH_MS - 1;
  expect(E.isRight(await check())).toBe(true);
  now = FRESH_MS;
  expect(await check()).toMatchObject({ left: { tag: 'ConversationNotFound' } });
  isThere = true;
  expect(E.isRight(await check())).toBe(true);
  isThere = false;
  watchers.changed('other');
  expect(E.isRight(await check())).toBe(true);
  watchers.changed('c');
  expect(E.isLeft(await check())).toBe(true);
  isAway = true;
  expect(await check()).toMatchObject({ left: { tag: 'Unavailable' } });
  isAway = false;
  isThere = true;
  expect(E.isRight(await check())).toBe(true);
});

it('believes nothing for longer because the clock of its machine was set back', async () => {
  vi.useFakeTimers();
  let members: Membership['members'] = { ann: { since: 1, banHash: '' } };
  const watchers = openWatchers({
    membership: async () => E.right({ revision: 1, activeAt: 0, members } as Membership),
  });
  expect(E.isRight(await watchers.check('c', 'ann'))).toBe(true);
  members = {};
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(FRESH_MS);
  expect(E.isLeft(await watchers.check('c', 'ann'))).toBe(true);
});
