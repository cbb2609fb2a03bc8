import { expect, it, vi } from 'vitest';
import type { Rooms } from '../room/rooms.js';
import { openHolds } from './holds.js';

/** As many as a node knows of at once. */
const MANY = 20_000;
const noRooms = { open: () => undefined, close: () => undefined } as Pick<Rooms, 'open' | 'close'> as Rooms;

it('remembers which calls are elsewhere, however many were here that nobody needed any more', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
  const holds = openHolds({ self: 'me', rooms: noRooms, onOpen: () => undefined, onClose: () => undefined });
  for (let at = 0; at < MANY; at++) {
    holds.step(`c-${at}`, { tag: 'shown', call: 5, fence: 50 });
    holds.step(`c-${at}`, { tag: 'idle' });
  }
  now.mockReturnValue(3_601_000);
  holds.sweep();
  for (const conversationId of ['c-a', 'c-b'])
    holds.step(conversationId, { tag: 'told', call: 5, fence: 51, node: 'x' });
  expect(holds.step('c-a', { tag: 'shown', call: 5, fence: 50 }).verdict).toBe('stale');
  now.mockRestore();
});
