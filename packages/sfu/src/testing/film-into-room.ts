import { createSocket } from 'node:dgram';
import type { TrackSource } from '@parley/domain/wire/voice';
import type { types } from 'mediasoup';
import { writeRtp, writeSenderReport } from '../broadcast/rtp-packet.js';
import { BLACK } from '../broadcast/vp8.js';
import type { RoomMedia } from '../room/rooms.js';

/** A layered picture: VP8 as three streams (simulcast), VP9 as one of three spatial layers (SVC). */
export type Film = 'VP8' | 'VP9';

/** How large it says that it is; each layer is half of the next one. */
const FILM_SIZE = { width: 640, height: 360 };
const LAYERS = [0, 1, 2];
const PICTURE_MS = 40;
const SSRC = 5_000;
const PAYLOAD_TYPE = 96;

/** Sends a picture of three layers into a room over plain RTP, each frame of it a key frame, as the camera of a participant who is not there. */
export async function filmIntoRoom(media: RoomMedia, participant: number, film: Film) {
  const transport = await media.router.createPlainTransport({
    listenInfo: { protocol: 'udp', ip: '127.0.0.1', portRange: { min: 44_000, max: 44_999 } },
    comedia: true,
  });
  const producer = await transport.produce({ kind: 'video', rtpParameters: parametersOf(film) });
  const source: TrackSource = 'camera';
  media.bring({ participant, user: `user${participant}`, source, producer, size: FILM_SIZE });
  const socket = createSocket('udp4');
  const send = (packet: Buffer): void => socket.send(packet, transport.tuple.localPort, '127.0.0.1');
  const beganAt = Date.now();
  let picture = 0;
  const filming = setInterval(() => {
    const ms = Date.now() - beganAt;
    const timestamp = ms * 90;
    for (const layer of LAYERS) {
      const [ssrc, sequence, payload, marker] =
        film === 'VP8'
          ? [SSRC + layer, picture, BLACK, true]
          : [SSRC, picture * LAYERS.length + layer, vp9(picture, layer), layer === LAYERS.at(-1)];
      send(writeRtp({ sequence, timestamp, marker, payload }, PAYLOAD_TYPE, ssrc));
      // By them a receiver brings the streams of one picture together.
      if (picture % 10 === 1) send(writeSenderReport(ssrc, beganAt + ms, timestamp));
    }
    picture++;
  }, PICTURE_MS);
  return {
    producer,
    stop(): void {
      clearInterval(filming);
      socket.close();
      transport.close();
    },
  };
}

const parametersOf = (film: Film): types.RtpParameters => ({
  codecs: [
    {
      mimeType: `video/${film}`,
      payloadType: PAYLOAD_TYPE,
      clockRate: 90_000,
      ...(film === 'VP9' ? { parameters: { 'profile-id': 0 } } : {}),
      rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
    },
  ],
  encodings:
    film === 'VP8'
      ? LAYERS.map((layer) => ({ ssrc: SSRC + layer, scaleResolutionDownBy: 2 ** (2 - layer) }))
      : [{ ssrc: SSRC, scalabilityMode: 'L3T1' }],
  rtcp: { cname: 'film' },
});

/** One layer of a key picture (RFC 9628, 4.2): its id in two bytes, its layer, and that each but the first is made from the one below. */
const vp9 = (picture: number, layer: number): Buffer =>
  Buffer.from([
    0xac,
    0x80 | ((picture >> 8) & 0x7f),
    picture & 0xff,
    (layer << 1) | (layer > 0 ? 1 : 0),
    0,
    1,
    2,
    3,
  ]);
