import { isLargeEnough } from '@parley/domain/call/picture-size';
import type { TrackSource } from '@parley/domain/wire/voice';
import type { Size } from './media-path.js';

/** In pixels, as far as the browser says it. */
export type PictureSize = { readonly width?: number | undefined; readonly height?: number | undefined };

/** Bits a second. A voice in mono is transparent at 32 to 40 kbit/s (RFC 7587, 3.1.1). */
const VOICE = 40_000;
const CAMERA = 1_500_000;
const SCREEN = 8_000_000;

/** Bits a second of a screen half as wide, at half the frames: what is written in it can still be read. */
const SMALL_SCREEN = 1_000_000;

/** Bits a second of the layers of a camera, from the smallest on: some 320 × 180, 640 × 360, and more. */
const LAYERS = [150_000, 500_000, CAMERA] as const;

/**
 * Kbit/s that a way to a node is taken to have until it is measured. Chrome begins the whole of a screen from some 2 Mbit/s on, which it has for the smaller one
 * too; a calm screen is so little that from less it finds out in several seconds only.
 */
export const firstKbits = (source: TrackSource): number => (source === 'screen' ? 2_500 : 1_000);

/** In how many sizes Chrome sends a picture at most (`kSimulcastFormats` in its simulcast.cc): of more it leaves out the largest. */
function mostLayers(width: number, height: number): 1 | 2 | 3 {
  const pixels = width * height;
  return pixels >= 960 * 540 ? 3 : pixels >= 480 * 270 ? 2 : 1;
}

/** In up to three sizes (RFC 8853), each half as wide as the next, so that a node can send each receiver the one that fits. */
export function cameraLayers({ width = 1_280, height = 720 }: PictureSize): RTCRtpEncodingParameters[] {
  const count = mostLayers(width, height);
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

/** `dtx` is for the node alone. */
type ScreenEncoding = RTCRtpEncodingParameters & { readonly dtx: true };

/**
 * To a node, in two sizes: the whole, at up to 30 frames a second, of which 2 Mbit/s carry 1080p of slides, and half of it for whoever's way does not carry that, or who
 * sees it small. One on which nothing moves comes once a second: without `dtx` mediasoup takes a layer for gone after 1.5 s, and goes from one to the other.
 */
export function screenLayers({ width = 1_920, height = 1_080 }: PictureSize): ScreenEncoding[] {
  const whole = { maxBitrate: SCREEN, maxFramerate: 30, dtx: true } as const;
  if (mostLayers(width, height) === 1) return [whole];
  return [
    { rid: 'r0', scaleResolutionDownBy: 2, maxBitrate: SMALL_SCREEN, maxFramerate: 15, dtx: true },
    { rid: 'r1', scaleResolutionDownBy: 1, ...whole },
  ];
}

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
