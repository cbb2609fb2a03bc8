import type { types } from 'mediasoup';

/**
 * What a room forwards: one codec for voices, and those for video that browsers have. A router with retransmission (RTX) of each; mediasoup adds
 * the feedback and the header extensions that it knows.
 */
export const mediaCodecs: types.RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: { usedtx: 1, useinbandfec: 1 },
  },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
  { kind: 'video', mimeType: 'video/VP9', clockRate: 90_000, parameters: { 'profile-id': 0 } },
  // Baseline, constrained baseline and high, as Chrome, Firefox and Safari offer them (RFC 6184, 8.1).
  h264('42001f'),
  h264('42e01f'),
  h264('640c1f'),
];

/**
 * What clients are told of it: all but the time of capture in each packet (abs-capture-time). Browsers that agree to send it do not, and by it alone the worker
 * would bring two layers of a picture into one time (3.27): it would stay with the first that it sent, whatever fits.
 */
export const offeredBy = ({ rtpCapabilities }: types.Router): types.RtpCapabilities => ({
  ...rtpCapabilities,
  headerExtensions:
    rtpCapabilities.headerExtensions?.filter(({ uri }) => !uri.endsWith('/abs-capture-time')) ?? [],
});

function h264(profile: string): types.RouterRtpCodecCapability {
  return {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90_000,
    parameters: { 'packetization-mode': 1, 'profile-level-id': profile, 'level-asymmetry-allowed': 1 },
  };
}
