import { describe, expect, it } from 'vitest';
import { GAP, gridOf } from './grid.js';

const WIDE = { width: 1_000, height: 600 };
const UPRIGHT = { width: 375, height: 600 };

/** How much of the room tiles cover. */
function covered(count: number, room: { readonly width: number; readonly height: number }): number {
  const { width, height } = gridOf(count, room);
  return (count * width * height) / (room.width * room.height);
}

describe('tiles in a room', () => {
  it('are one beside the other where it is wide, and one below the other where it is upright', () => {
    expect([1, 2, 3, 4, 5, 9, 12].map((count) => gridOf(count, WIDE).columns)).toEqual([1, 2, 2, 2, 3, 3, 4]);
    expect([1, 2, 3].map((count) => gridOf(count, UPRIGHT).columns)).toEqual([1, 1, 1]);
  });

  it.each([WIDE, UPRIGHT, { width: 640, height: 640 }])('use it well: %o', (room) => {
    for (const count of [1, 2, 3, 4, 5, 6, 9, 12, 16]) expect(covered(count, room)).toBeGreaterThan(0.6);
  });

  it('never lie beyond its edge, nor stretch a picture out of shape', () => {
    for (let count = 1; count <= 25; count++) {
      const { columns, width, height, scrolls } = gridOf(count, WIDE);
      const rows = Math.ceil(count / columns);
      expect(columns * width + (columns - 1) * GAP).toBeLessThanOrEqual(WIDE.width);
      if (!scrolls) expect(rows * height + (rows - 1) * GAP).toBeLessThanOrEqual(WIDE.height);
      expect(width / height).toBeLessThan(1.8);
      expect(width / height).toBeGreaterThan(0.98);
    }
  });

  it('stay large enough to see somebody: then they scroll', () => {
    expect(gridOf(200, WIDE)).toMatchObject({ scrolls: true, columns: 6 });
    expect(gridOf(200, WIDE).width).toBeGreaterThanOrEqual(150);
  });

  it('need no room', () => {
    expect(gridOf(3, { width: 0, height: 0 })).toMatchObject({ width: 0, height: 0 });
  });
});
