import type { PictureSize } from '@parley/domain/call/picture-size';

/**
 * How large a picture is drawn in a box: where it covers the box, more of it than the box shows; where it is seen whole, no larger than the box (CSS Images 3, 5.5:
 * `cover` and `contain`). Of a picture that nothing has come of yet the box is the best guess.
 */
export function drawnSize(box: PictureSize, picture: PictureSize, covers: boolean): PictureSize {
  if (picture.width === 0 || picture.height === 0) return box;
  const [across, down] = [box.width / picture.width, box.height / picture.height];
  const scale = covers ? Math.max(across, down) : Math.min(across, down);
  return { width: picture.width * scale, height: picture.height * scale };
}

/** Pictures are scaled to whole pixels: so much one may be wider for its height than another that is the same, only smaller. */
const ROUNDING = 0.03;

/** Whether one of two pictures is the other, larger or smaller. */
export const isSameShape = (one: PictureSize, other: PictureSize): boolean =>
  Math.abs((one.width * other.height) / (one.height * other.width) - 1) < ROUNDING;
