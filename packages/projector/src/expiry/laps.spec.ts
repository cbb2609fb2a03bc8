import { expect, it } from 'vitest';
import type { DueConversation } from './due-conversation.js';
import { LAP, openLaps } from './laps.js';

const due = (nextDue: number): DueConversation =>
  ({ partition: 3, conversationId: `c-${nextDue}`, nextDue }) as DueConversation;
const atStart = { partition: 3, nextDue: 0, conversationId: '' };

it('goes on behind the last one seen, and begins again after a while, at the end of a lap alone', () => {
  let now = 1_000;
  const laps = openLaps(() => now);
  expect(laps.cursorOf(3)).toEqual(atStart);
  expect(laps.read(3, [due(1), due(2)], 2)).toBe(true);
  now += LAP;
  expect(laps.cursorOf(3)).toEqual(due(2));
  expect(laps.read(3, [due(5)], 2)).toBe(false);
  expect(laps.cursorOf(3)).toEqual(atStart);
  expect(laps.read(3, [due(7)], 2)).toBe(false);
  now += LAP - 1;
  expect(laps.cursorOf(3)).toEqual(due(7));
  expect(laps.read(3, [], 2)).toBe(false);
  expect(laps.cursorOf(3)).toEqual(due(7));
  now += 1;
  expect(laps.cursorOf(3)).toEqual(atStart);
});

it('begins again in a partition that was let go of', () => {
  const laps = openLaps();
  laps.cursorOf(3);
  laps.read(3, [due(1)], 1);
  laps.forget(3);
  expect(laps.cursorOf(3)).toEqual(atStart);
});
