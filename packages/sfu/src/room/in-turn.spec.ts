import { expect, it } from 'vitest';
import { inTurn } from './in-turn.js';

it('looks at so many each time, and at each in its turn', () => {
  const turns = inTurn<number>(3);
  const all = [1, 2, 3, 4, 5, 6, 7];
  expect([turns.next(all), turns.next(all), turns.next(all)]).toEqual([
    [1, 2, 3],
    [4, 5, 6],
    [7, 1, 2],
  ]);
  expect(turns.next([8, 9])).toEqual([8, 9]);
});
