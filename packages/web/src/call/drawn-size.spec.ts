import { describe, expect, it } from 'vitest';
import { drawnSize, isSameShape } from './drawn-size.js';

const WIDE = { width: 320, height: 180 };
const UPRIGHT = { width: 90, height: 160 };

describe('a picture that covers its box', () => {
  it.each([
    ['a wide one a square', WIDE, { width: 360, height: 360 }, { width: 640, height: 360 }],
    ['a wide one an upright box', WIDE, { width: 360, height: 720 }, { width: 1_280, height: 720 }],
    ['a wide one a wider box', WIDE, { width: 640, height: 180 }, { width: 640, height: 360 }],
    ['an upright one a wide box', UPRIGHT, { width: 180, height: 90 }, { width: 180, height: 320 }],
    ['one a box of its shape', WIDE, { width: 640, height: 360 }, { width: 640, height: 360 }],
  ])('%s', (_, picture, box, drawn) => {
    expect(drawnSize(box, picture, true)).toEqual(drawn);
  });
});

describe('a picture that is seen whole', () => {
  it.each([
    ['a wide one in a square', WIDE, { width: 320, height: 320 }, { width: 320, height: 180 }],
    ['an upright one in a wide box', UPRIGHT, { width: 640, height: 320 }, { width: 180, height: 320 }],
  ])('%s', (_, picture, box, drawn) => {
    expect(drawnSize(box, picture, false)).toEqual(drawn);
  });
});

it('takes the box for a picture that nothing has come of', () => {
  const box = { width: 300, height: 200 };
  expect(drawnSize(box, { width: 0, height: 0 }, true)).toEqual(box);
  expect(drawnSize(box, { width: 0, height: 0 }, false)).toEqual(box);
});

describe('a shape', () => {
  it.each([
    ['of a half', { width: 640, height: 360 }, WIDE, true],
    ['of a quarter that was rounded', { width: 1_366, height: 768 }, { width: 340, height: 192 }, true],
    ['of another camera', { width: 640, height: 480 }, WIDE, false],
    ['of a phone that was turned', WIDE, UPRIGHT, false],
    ['of nothing yet', { width: 0, height: 0 }, WIDE, false],
  ])('%s', (_, one, other, isSame) => {
    expect(isSameShape(one, other)).toBe(isSame);
    expect(isSameShape(other, one)).toBe(isSame);
  });
});
