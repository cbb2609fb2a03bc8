import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layeringOf, layersFor } from './layers.js';

const simulcast = layeringOf(
  [
    { scaleResolutionDownBy: 4 },
    { scaleResolutionDownBy: 2 },
    { scaleResolutionDownBy: 1, scalabilityMode: 'L1T3' },
  ],
  'camera',
);

describe('the layers of a video', () => {
  it.each([
    [[], undefined],
    [[{}], undefined],
    [[{ scalabilityMode: 'L1T1' }], undefined],
    [[{ scalabilityMode: 'L1T3' }], { scales: [1], temporal: 3 }],
    [[{ scalabilityMode: 'L3T2_KEY' }], { scales: [4, 2, 1], temporal: 2 }],
    [[{ scalabilityMode: 'L3T1h' }], { scales: [2.25, 1.5, 1], temporal: 1 }],
    [[{}, {}], { scales: [2, 1], temporal: 1 }],
    [[{ scaleResolutionDownBy: 0 }, { scaleResolutionDownBy: Number.NaN }], { scales: [2, 1], temporal: 1 }],
  ])('are told by its encodings: %j', (encodings, layering) => {
    if (layering === undefined) expect(layeringOf(encodings, 'screen')).toBeUndefined();
    else expect(layeringOf(encodings, 'screen')).toMatchObject(layering);
  });

  it.each([
    [0, 0, 0, 1],
    [160, 90, 0, 1],
    [320, 180, 0, 2],
    [400, 225, 0, 2],
    [410, 231, 1, 2],
    [640, 360, 1, 2],
    [1_280, 720, 2, 2],
    [3_840, 2_160, 2, 2],
    // A column: as wide as a phone, as high as a screen.
    [300, 900, 0, 2],
  ])('at %i x %i are %i and %i', (width, height, spatialLayer, temporalLayer) => {
    expect(simulcast && layersFor(simulcast, { width, height })).toEqual({ spatialLayer, temporalLayer });
  });

  it('fit the size that its sender says it has', () => {
    const [small, large] = [
      { width: 640, height: 360 },
      { width: 1_280, height: 720 },
    ].map((said) => layeringOf([{}, {}], 'camera', said));
    const shown = { width: 640, height: 360 };
    expect(small && layersFor(small, shown).spatialLayer).toBe(1);
    expect(large && layersFor(large, shown).spatialLayer).toBe(0);
  });

  it('of a screen are never smaller than it is shown, for its text', () => {
    const screen = layeringOf([{}, {}], 'screen', { width: 1_920, height: 1_080 });
    const at = (width: number, height: number) => screen && layersFor(screen, { width, height }).spatialLayer;
    expect([at(320, 192), at(960, 544), at(992, 576), at(1_920, 1_088)]).toEqual([0, 0, 1, 1]);
  });

  it('never are more than there are', () => {
    const side = fc.nat(20_000);
    const encoding = fc.record(
      { scaleResolutionDownBy: fc.double(), scalabilityMode: fc.constantFrom('L2T2', 'S3T3', 'L1T1') },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(encoding, { maxLength: 8 }), side, side, (encodings, width, height) => {
        const layering = layeringOf(encodings, 'camera');
        if (layering === undefined) return;
        const { spatialLayer, temporalLayer } = layersFor(layering, { width, height });
        expect(spatialLayer).toBeGreaterThanOrEqual(0);
        expect(spatialLayer).toBeLessThan(layering.scales.length);
        expect(temporalLayer).toBeGreaterThanOrEqual(0);
        expect(temporalLayer).toBeLessThan(layering.temporal);
      }),
    );
  });
});
