import { expect, it } from 'vitest';
import { openRound } from './round.js';

it('goes to everyone, a share with each call, and then begins again', () => {
  const map = new Map(['ann', 'bob', 'cleo', 'dan'].map((user) => [user, user]));
  const next = openRound(map, 2);
  expect(next()).toEqual(['ann', 'bob']);
  map.delete('cleo');
  map.set('eve', 'eve');
  expect(next()).toEqual(['dan', 'eve']);
  expect(next()).toEqual([]);
  expect(next()).toEqual(['ann', 'bob']);
});

it('goes to nobody where nobody is', () => {
  expect(openRound(new Map(), 2)()).toEqual([]);
});
