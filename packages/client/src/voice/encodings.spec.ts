import { describe, expect, it } from 'vitest';
import { cameraLayers, degradation, pictureFor, scalable, screenLayers } from './encodings.js';

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

describe('the layers of a screen', () => {
  it.each([
    [1_920, 1_080],
    [1_080, 1_920],
    [480, 270],
    [undefined, undefined],
  ])('of %s x %s are half of it for a poor way, and the whole at up to 8 Mbit/s', (width, height) => {
    expect(screenLayers({ width, height })).toEqual([
      { rid: 'r0', scaleResolutionDownBy: 2, maxBitrate: 1_000_000, maxFramerate: 15, dtx: true },
      { rid: 'r1', scaleResolutionDownBy: 1, maxBitrate: 8_000_000, maxFramerate: 30, dtx: true },
    ]);
  });

  it('are one of a window so small that a browser sends the first of two alone', () => {
    expect(screenLayers({ width: 480, height: 269 })).toEqual([
      { maxBitrate: 8_000_000, maxFramerate: 30, dtx: true },
    ]);
  });
});

describe('one stream with layers within it', () => {
  it('has three sizes of a camera, and of a screen its own size at three rates', () => {
    expect(scalable('camera')).toEqual([{ scalabilityMode: 'L3T3_KEY', maxBitrate: 1_500_000 }]);
    expect(scalable('screen')).toEqual([
      { scalabilityMode: 'L1T3', maxBitrate: 8_000_000, maxFramerate: 30 },
    ]);
  });
});

describe('where there is too little room', () => {
  it.each([
    ['detail', 'maintain-resolution'],
    ['text', 'maintain-resolution'],
    ['motion', 'maintain-framerate'],
    ['', 'balanced'],
  ])('a picture said to be %j keeps what counts: %s', (contentHint, preference) => {
    expect(degradation({ contentHint } as MediaStreamTrack)).toBe(preference);
  });
});

describe('a picture to one other participant', () => {
  const camera = (width: number, height: number) =>
    pictureFor('camera', { width: 640, height: 360 }, { width, height });

  it.each([
    [640, 360, 1, 1_500_000],
    [401, 226, 1, 1_500_000],
    [400, 225, 2, 500_000],
    [201, 113, 2, 500_000],
    [200, 112, 4, 150_000],
    [0, 0, 4, 150_000],
    // A quarter is wide enough, cut to a tall tile: the height would need more, and is cut off or left over.
    [200, 360, 4, 150_000],
    [4_000, 2_250, 1, 1_500_000],
  ])('shown at %i x %i is %i times smaller', (width, height, scaleResolutionDownBy, maxBitrate) => {
    expect(camera(width, height)).toEqual({ active: true, scaleResolutionDownBy, maxBitrate });
  });

  it('is whole where it is a screen, or where nobody has said how large it is shown', () => {
    expect(pictureFor('camera', {}, undefined)).toMatchObject({ active: true, scaleResolutionDownBy: 1 });
    const small = { width: 160, height: 90 };
    expect(pictureFor('screen', { width: 1_920, height: 1_080 }, small)).toMatchObject({
      active: true,
      scaleResolutionDownBy: 1,
    });
  });

  it('is not sent where nobody sees it', () => {
    for (const source of ['camera', 'screen'] as const)
      expect(pictureFor(source, {}, null)).toEqual({ active: false });
  });
});
