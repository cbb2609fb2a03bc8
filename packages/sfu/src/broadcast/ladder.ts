import type { BroadcastSource } from '@parley/domain/call/call';

/** One quality of a broadcast: a frame, in which the picture is as large as it fits, and never larger than it is. */
export type Quality = {
  readonly width: number;
  readonly height: number;
  /** Bits a second of video, at most. */
  readonly bitrate: number;
};

export type Ladder = { readonly framesPerSecond: number; readonly qualities: readonly Quality[] };

/** Best first. Cameras are sent at 720 lines; screens at 1080, and change seldom. */
export const ladders: Readonly<Record<BroadcastSource, Ladder>> = {
  mix: {
    framesPerSecond: 25,
    qualities: [
      { width: 1_280, height: 720, bitrate: 2_000_000 },
      { width: 854, height: 480, bitrate: 1_000_000 },
      { width: 640, height: 360, bitrate: 500_000 },
    ],
  },
  screen: {
    framesPerSecond: 15,
    qualities: [
      { width: 1_920, height: 1_080, bitrate: 3_000_000 },
      { width: 1_280, height: 720, bitrate: 1_500_000 },
      { width: 640, height: 360, bitrate: 500_000 },
    ],
  },
};
