import { directConversationId } from '@parley/domain/ids';
import { expect, it } from 'vitest';
import { otherOf, titleOf } from './titles.js';

it.each([
  ['ann', 'bob'],
  ['a', 'b-c'],
  ['a-b', 'c'],
  ['zed', 'ann-marie'],
])('a direct conversation of %s and %s is called by the other one', (one, other) => {
  const conversationId = directConversationId(one, other);
  expect(otherOf(conversationId, one)).toBe(other);
  expect(otherOf(conversationId, other)).toBe(one);
  expect(titleOf({ conversationId }, one)).toBe(other);
});

it('a room is called by its title, or by its id while that is all one knows', () => {
  expect(titleOf({ conversationId: 'g1', title: 'Friends' }, 'ann')).toBe('Friends');
  expect(titleOf({ conversationId: 'g1' }, 'ann')).toBe('g1');
});
