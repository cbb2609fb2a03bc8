/** Of a picture, or of where it is shown, in pixels. */
export type PictureSize = { readonly width: number; readonly height: number };

/** A picture may be shown this much larger than it is before a larger one is sent. */
const STRETCH = 1.25;

/**
 * Whether a picture need not be stretched by more than a quarter, or what is said, where it is shown, in the dimension that needs less. `scale` is how many times
 * smaller than the whole it is, 1 or more.
 */
export const isLargeEnough = (
  whole: PictureSize,
  scale: number,
  shown: PictureSize,
  stretch = STRETCH,
): boolean =>
  (whole.width / scale) * stretch >= shown.width || (whole.height / scale) * stretch >= shown.height;
