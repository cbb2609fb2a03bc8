import { describe, expect, it } from 'vitest';
import { cameraLayers } from './encodings.js';

describe('the layers of a camera', () => {
  it.each([
    [1_920, 1_080, [4, 2, 1]],
    [1_280, 720, [4, 2, 1]],
    [720, 1_280, [4, 2, 1]],
    [640, 480, [2, 1]],
    [480, 270, [2, 1]],
    [320, 240, [1]],
  ])('of %i x %i are so many times smaller: %j', (width, height, scales) => {
    const layers = cameraLayers({ width, height });
    expect(layers.map((each) => each.scaleResolutionDownBy)).toEqual(scales);
    expect(layers.map(({ maxBitrate = 0 }) => maxBitrate)).toEqual(
      [150_000, 500_000, 1_500_000].slice(0, scales.length),
    );
  });

  it('are those of a usual one where the browser does not say how large it is', () => {
    expect(cameraLayers({})).toHaveLength(3);
  });
});
