import { expect, it } from 'vitest';
import { hueOf, initialsOf, isName } from './names.js';

it.each([
  ['ann', 'AN'],
  ['Lisbon in May ☀️', 'LM'],
  ['ann-marie', 'AM'],
  ['日本語', '日本'],
  ['☀️', '?'],
  ['', '?'],
])('the initials of %s are %s', (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

it('a name has the same colour always, and names have all colours', () => {
  const names = Array.from({ length: 300 }, (_, n) => `person-${n}`);
  expect(names.map(hueOf)).toEqual(names.map(hueOf));
  expect(new Set(names.map(hueOf)).size).toBe(10);
});

it('knows what somebody can be called', () => {
  expect(['ann', 'a-b_c=1', 'a'.repeat(64)].every(isName)).toBe(true);
  expect(['', 'a b', 'zoë', 'a'.repeat(65)].some(isName)).toBe(false);
});
