import { isLargeEnough } from '@parley/domain/call/picture-size';
import type { TrackSource } from '@parley/domain/wire/voice';
import type { Size } from './media-path.js';

/** In pixels, as far as the browser says it. */
export type PictureSize = { readonly width?: number | undefined; readonly height?: number | undefined };

/** Bits a second. A voice in mono is transparent at 32 to 40 kbit/s (RFC 7587, 3.1.1). */
const VOICE = 40_000;
const CAMERA = 1_500_000;
const SCREEN = 8_000_000;

/** Bits a second of the layers of a camera, from the smallest on: some 320 × 180, 640 × 360, and more. */
const LAYERS = [150_000, 500_000, CAMERA] as const;

/**
 * In up to three sizes (RFC 8853), each half as wide as the next, so that a node can send each receiver the one that fits. As many as Chrome makes of a
 * picture so large (`kSimulcastFormats` in its simulcast.cc): of more it would leave out the largest.
 */
export function cameraLayers({ width = 1_280, height = 720 }: PictureSize): RTCRtpEncodingParameters[] {
  const pixels = width * height;
  const count = pixels >= 960 * 540 ? 3 : pixels >= 480 * 270 ? 2 : 1;
  return LAYERS.slice(0, count).map((maxBitrate, index) => ({
    rid: `r${index}`,
    scaleResolutionDownBy: 2 ** (count - 1 - index),
    maxBitrate,
  }));
}

/**
 * A picture that one other participant of a mesh shows at this size: a camera half or a quarter as wide where that is large enough, as a node picks its layers; a screen as it is, for its
 * text. Nothing where nobody sees it.
 *
 * @param shown null: nobody sees it; undefined: they have not said so
 */
export function pictureFor(
  source: TrackSource,
  picture: PictureSize,
  shown: Size | null | undefined,
): RTCRtpEncodingParameters {
  if (shown === null) return { active: false };
  const { width = 1_280, height = 720 } = picture;
  const fits = (scale: number): boolean =>
    shown !== undefined && isLargeEnough({ width, height }, scale, shown);
  const scale = source === 'camera' ? ([4, 2].find(fits) ?? 1) : 1;
  const maxBitrate = source === 'camera' ? (LAYERS[2 - Math.log2(scale)] ?? CAMERA) : mostBits[source];
  return { active: true, scaleResolutionDownBy: scale, maxBitrate };
}

/** One size: text must be read by everybody, at up to 30 frames a second; congestion control goes down from there, 2 Mbit/s carry 1080p of slides. */
export const screenLayer = (): RTCRtpEncodingParameters[] => [{ maxBitrate: SCREEN, maxFramerate: 30 }];

/** One stream of which a node leaves layers out (scalable coding, W3C webrtc-svc): three sizes of a camera; of a screen its full size, at three rates. */
export const scalable = (source: TrackSource): (RTCRtpEncodingParameters & { scalabilityMode: string })[] =>
  source === 'camera'
    ? [{ scalabilityMode: 'L3T3_KEY', maxBitrate: CAMERA }]
    : [{ scalabilityMode: 'L1T3', maxBitrate: SCREEN, maxFramerate: 30 }];

/** Most bits a second of each source to one other participant of a mesh. */
export const mostBits: Readonly<Record<TrackSource, number>> = {
  mic: VOICE,
  camera: CAMERA,
  screen: SCREEN,
  screenAudio: 128_000,
};

/** What gives way when there is too little room: of text the frames, of what moves the sharpness. */
export const degradation = (track: MediaStreamTrack): RTCDegradationPreference =>
  track.contentHint === 'detail' || track.contentHint === 'text'
    ? 'maintain-resolution'
    : track.contentHint === 'motion'
      ? 'maintain-framerate'
      : 'balanced';
