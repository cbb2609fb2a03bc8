/** How tiles lie in a room: all of one size, in CSS pixels. */
export type Grid = {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
  /** Whether there are more than the room holds at a size at which one sees anything. */
  readonly scrolls: boolean;
};

export const GAP = 10;

/** Narrower than this nobody is recognised. */
const MIN_WIDTH = 150;
const WIDEST = 16 / 9;

/**
 * The largest tiles of which `count` find room. A tile is at most as wide as a camera's picture and at least square, but for a room that
 * is upright itself: then it may be as upright as the room.
 */
export function gridOf(count: number, room: { readonly width: number; readonly height: number }): Grid {
  const slimmest = Math.min(1, Math.max(0.55, room.width / Math.max(1, room.height)));
  let best: Grid = { columns: 1, width: 0, height: 0, scrolls: false };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cell = {
      width: (room.width - GAP * (columns - 1)) / columns,
      height: (room.height - GAP * (rows - 1)) / rows,
    };
    const width = Math.max(0, Math.min(cell.width, cell.height * WIDEST));
    const height = Math.max(0, Math.min(cell.height, width / slimmest));
    if (width * height > best.width * best.height) best = { columns, width, height, scrolls: false };
  }
  if (best.width >= MIN_WIDTH || count <= 4) return floored(best);
  const columns = Math.max(2, Math.floor((room.width + GAP) / (MIN_WIDTH + GAP)));
  const width = (room.width - GAP * (columns - 1)) / columns;
  return floored({ columns, width, height: width / 1.25, scrolls: true });
}

const floored = ({ width, height, ...grid }: Grid): Grid => ({
  ...grid,
  width: Math.floor(width),
  height: Math.floor(height),
});
