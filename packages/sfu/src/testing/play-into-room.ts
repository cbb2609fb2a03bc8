import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TrackSource } from '@parley/domain/wire/voice';
import { findFfmpeg } from '@parley/infra/embedded/find-ffmpeg';
import type { types } from 'mediasoup';
import type { RoomMedia } from '../room/rooms.js';

/** A participant without a browser, made by ffmpeg: a tone and a moving picture, as opus and VP8 over plain RTP. */
export async function playIntoRoom(
  media: RoomMedia,
  participant: number,
  { hertz = 440, size = '320x180', picture = 'camera' as TrackSource } = {},
) {
  const { command, env } = await findFfmpeg();
  const portRange = { min: 44_000, max: 44_999 };
  const open = () =>
    media.router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: '127.0.0.1', portRange },
      comedia: true,
      // ffmpeg sends RTCP from a port of its own.
      rtcpMux: false,
    });
  const [voice, camera] = await Promise.all([open(), open()]);
  const audio = await voice.produce({
    kind: 'audio',
    rtpParameters: {
      codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }],
      encodings: [{ ssrc: participant }],
    },
  });
  const video = await camera.produce({
    kind: 'video',
    rtpParameters: {
      codecs: [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000 }],
      encodings: [{ ssrc: participant + 1 }],
    },
  });
  const user = `user${participant}`;
  media.bring({ participant, user, source: 'mic', producer: audio });
  media.bring({ participant, user, source: picture, producer: video });
  const target = ({ tuple, rtcpTuple }: types.PlainTransport) =>
    `rtp://127.0.0.1:${tuple.localPort}?rtcpport=${rtcpTuple?.localPort}&pkt_size=1200`;
  const child: ChildProcess = spawn(
    command,
    [
      ...['-nostdin', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', `sine=frequency=${hertz}`],
      ...['-re', '-f', 'lavfi', '-i', `testsrc=size=${size}:rate=10`],
      ...['-map', '0:a', '-c:a', 'libopus', '-ac', '2', '-ssrc', `${participant}`, '-payload_type', '111'],
      ...['-f', 'rtp', target(voice)],
      ...['-map', '1:v', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g', '10'],
      ...['-ssrc', `${participant + 1}`, '-payload_type', '96', '-f', 'rtp', target(camera)],
    ],
    { stdio: 'ignore', env: { PATH: process.env.PATH ?? '', ...env } },
  );
  const gone = once(child, 'exit');
  return {
    audio,
    video,
    async stop(): Promise<void> {
      child.kill('SIGKILL');
      await gone;
      voice.close();
      camera.close();
    },
  };
}
