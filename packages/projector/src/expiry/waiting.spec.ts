import { expect, it } from 'vitest';
import { openWaiting, REST } from './waiting.js';

const row = (changed: number) => ({ conversationId: 'c', changed });

it('waits for the rows to have what was appended', () => {
  const waiting = openWaiting();
  expect(waiting.has(row(7))).toBe(false);
  waiting.note('c', { tag: 'settled', streamSeq: 9, conflicts: 0 });
  expect(waiting.has(row(8))).toBe(true);
  expect(waiting.has(row(9))).toBe(false);
});

it('waits while somebody is at it', () => {
  const waiting = openWaiting();
  waiting.begin('c');
  expect(waiting.has(row(7))).toBe(true);
  waiting.finish('c');
  expect(waiting.has(row(7))).toBe(false);
});

it('lets what failed rest, and what was only busy not', () => {
  let now = 0;
  const waiting = openWaiting(() => now);
  waiting.note('c', { tag: 'busy', conflicts: 10 });
  expect(waiting.has(row(7))).toBe(false);
  waiting.note('c', { tag: 'failed', reason: 'x', conflicts: 0 });
  now = REST - 1;
  expect(waiting.has(row(7))).toBe(true);
  now = REST;
  expect(waiting.has(row(7))).toBe(false);
});
