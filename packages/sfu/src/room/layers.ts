import { isLargeEnough, type PictureSize } from '@parley/domain/call/picture-size';
import type { TrackSource } from '@parley/domain/wire/voice';

/** What mediasoup calls layers: 0 is the smallest, or the slowest. */
export type Layers = { readonly spatialLayer: number; readonly temporalLayer: number };

/** How a video is layered: `scales` are how many times smaller than the whole each spatial layer is, from the smallest to the largest. */
export type Layering = {
  readonly scales: readonly number[];
  readonly temporal: number;
  readonly whole: PictureSize;
  /** It is not stretched at all: a screen, for its text. */
  readonly isText: boolean;
};

type Encoding = { readonly scaleResolutionDownBy?: number; readonly scalabilityMode?: string };

/** Shown this small, every other picture is enough. */
const SMALL = 120;

/** What is sent when nobody says: a camera, a screen. */
const WHOLE = { camera: { width: 1_280, height: 720 }, screen: { width: 1_920, height: 1_080 } } as const;

/**
 * The layers that fit a picture shown at `size`: the smallest that are large enough; at no size at all the smallest there is. Never more than there are.
 */
export function layersFor({ scales, temporal, whole, isText }: Layering, size: PictureSize): Layers {
  const last = Math.max(0, scales.length - 1);
  const fits = scales.findIndex((scale) => isLargeEnough(whole, scale, size, isText ? 1 : undefined));
  const isSmall = Math.min(size.width, size.height) < SMALL;
  return {
    spatialLayer: fits === -1 ? last : fits,
    temporalLayer: Math.max(0, temporal - (isSmall ? 2 : 1)),
  };
}

/**
 * How a producer's encodings are layered; undefined when there is nothing to choose. Several are streams of their own (simulcast), one may have layers within it (SVC).
 * `said` is how large its sender says that the whole picture is.
 */
export function layeringOf(
  encodings: readonly Encoding[] | undefined,
  source: TrackSource,
  said: Partial<PictureSize> = {},
): Layering | undefined {
  if (encodings === undefined || (source !== 'camera' && source !== 'screen')) return undefined;
  const modes = encodings.map(({ scalabilityMode }) => layersOfMode(scalabilityMode));
  const temporal = Math.max(1, ...modes.map((mode) => mode.temporal));
  const { width = WHOLE[source].width, height = WHOLE[source].height } = said;
  const whole = { width, height };
  const isText = source === 'screen';
  if (encodings.length > 1) {
    const { length } = encodings;
    const scales = encodings.map(
      (each, index) => usable(each.scaleResolutionDownBy) ?? 2 ** (length - 1 - index),
    );
    return { scales, temporal, whole, isText };
  }
  const { spatial, ratio } = modes[0] ?? layersOfMode(undefined);
  if (spatial === 1 && temporal === 1) return undefined;
  return {
    scales: Array.from({ length: spatial }, (_, index) => ratio ** (spatial - 1 - index)),
    temporal,
    whole,
    isText,
  };
}

/** https://www.w3.org/TR/webrtc-svc/#scalabilitymodes*: each spatial layer is twice as large as the one below, or one and a half times (`h`). */
function layersOfMode(mode: string | undefined) {
  const [, spatial, temporal, half] = /^[LS](\d{1,2})T(\d{1,2})(h)?/.exec(mode ?? '') ?? [];
  return { spatial: Number(spatial ?? 1), temporal: Number(temporal ?? 1), ratio: half ? 1.5 : 2 };
}

const usable = (scale: number | undefined): number | undefined =>
  scale !== undefined && Number.isFinite(scale) && scale >= 1 ? scale : undefined;
