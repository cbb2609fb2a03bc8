import type { Ladder } from './ladder.js';

/** Voices that are mixed; a further one waits until one of them is silent. */
export const VOICES = 3;

export const OPUS = 111;
export const VP8 = 96;

/** Seconds of one segment, and segments of a playlist; ffmpeg keeps some older files for those who are still at them. */
const SEGMENT_S = 2;
const SEGMENTS = 6;
const KEPT = 3;

const AUDIO_BITRATE = '96k';

/**
 * What comes on which port of loopback (RFC 8866): `ports` of the voices, then of the picture. Each has one for RTCP above it.
 */
export function describeInput(ports: readonly number[]): string {
  const media = ports.map((port, index) =>
    index < VOICES
      ? `m=audio ${port} RTP/AVP ${OPUS}\r\na=rtpmap:${OPUS} opus/48000/2\r\n`
      : `m=video ${port} RTP/AVP ${VP8}\r\na=rtpmap:${VP8} VP8/90000\r\n`,
  );
  return `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=call\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n${media.join('')}`;
}

/**
 * Arguments by which ffmpeg takes what `sdp` describes and writes HLS into `directory`: `index.m3u8`, and `<quality>/index.m3u8` with `<quality>/<number>.ts`. Segments are numbered
 * from the time on, so that those of a run after this one follow them. Sound and picture have filters of their own: those of a picture are made anew when its size changes.
 */
export function ffmpegArguments(sdp: string, directory: string, ladder: Ladder): readonly string[] {
  const { framesPerSecond, qualities } = ladder;
  const each = qualities.map((_, index) => index);
  const voices = Array.from({ length: VOICES }, (_, index) => `[0:a:${index}]`).join('');
  const sound = `${voices}amix=inputs=${VOICES}:normalize=0,alimiter=limit=0.95,aresample=async=1000,asplit=${qualities.length}${each.map((index) => `[a${index}]`).join('')}`;
  const split = `[0:v:0]fps=${framesPerSecond},split=${qualities.length}${each.map((index) => `[s${index}]`).join('')}`;
  const scaled = qualities.map(
    ({ width, height }, index) =>
      `[s${index}]scale=w='min(iw,${width})':h='min(ih,${height})':force_original_aspect_ratio=decrease:force_divisible_by=2,pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2,setsar=1[v${index}]`,
  );
  const keyFrames = String(framesPerSecond * SEGMENT_S);
  return [
    ...['-hide_banner', '-nostats', '-loglevel', 'error', '-nostdin'],
    // Nothing but this machine may send to it.
    ...['-protocol_whitelist', 'file,udp,rtp', '-localaddr', '127.0.0.1'],
    ...['-analyzeduration', '2000000', '-max_delay', '200000', '-i', sdp],
    ...['-filter_complex', sound, '-filter_complex', [split, ...scaled].join(';')],
    ...each.flatMap((index) => ['-map', `[v${index}]`, '-map', `[a${index}]`]),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-sc_threshold', '0'],
    ...['-g', keyFrames, '-keyint_min', keyFrames, '-threads', '2'],
    ...qualities.flatMap(({ bitrate }, index) => [
      ...[`-b:v:${index}`, String(bitrate), `-maxrate:v:${index}`, String(bitrate)],
      ...[`-bufsize:v:${index}`, String(bitrate)],
    ]),
    ...['-c:a', 'aac', '-b:a', AUDIO_BITRATE, '-ac', '2', '-ar', '48000'],
    ...['-f', 'hls', '-hls_time', String(SEGMENT_S), '-hls_list_size', String(SEGMENTS)],
    ...['-hls_delete_threshold', String(KEPT), '-hls_start_number_source', 'epoch'],
    ...['-hls_flags', 'delete_segments+independent_segments+temp_file+discont_start'],
    ...['-master_pl_name', 'index.m3u8', '-hls_segment_filename', `${directory}/%v/%d.ts`],
    ...['-var_stream_map', each.map((index) => `v:${index},a:${index}`).join(' ')],
    `${directory}/%v/index.m3u8`,
  ];
}
