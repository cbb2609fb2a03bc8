import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker } from 'mediasoup';
import type { PlainTransport, Router, RtpParameters } from 'mediasoup/types';

type Deadly = {
  readonly kind: 'audio' | 'video';
  readonly rtpParameters: RtpParameters;
  readonly packets: readonly Buffer[];
};

/** Milliseconds in which packets must have come, within one machine. */
const WITHIN = 10_000;

/** Packets sent before it is waited for that they were taken: a socket holds so many. */
const AT_ONCE = 50;

/** SSRCs that somebody makes up, and of which a worker may remember fewer. */
const MADE_UP = 1_500;

/**
 * Whether a worker goes on after the packets with which anybody who may send media ends a worker of 3.27.1 as it is published, and does not remember every SSRC of
 * who makes them up. What is built here is mended (see infra/mediasoup-worker/Makefile).
 *
 * @throws when it does not start
 */
export async function survivesPackets(workerBin: string): Promise<boolean> {
  const worker = await createWorker({ workerBin });
  try {
    const router = await worker.createRouter({
      mediaCodecs: [
        { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 },
        { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
      ],
    });
    for (const deadly of [emptyExtension, ridThenZero, ridThenSsrc]) await send(router, deadly);
    const transport = await send(router, manySsrcs());
    const { rtpListener } = await transport.dump();
    return rtpListener.ssrcTable.length < MADE_UP;
  } catch {
    return false;
  } finally {
    worker.close();
  }
}

/** By UDP, as from outside: of what its own program sends it a worker catches what is thrown. Rejects when the worker is gone. */
async function send(router: Router, { kind, rtpParameters, packets }: Deadly): Promise<PlainTransport> {
  const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const;
  const transport = await router.createPlainTransport({ listenInfo, comedia: true });
  await transport.produce({ kind, rtpParameters });
  const socket = createSocket('udp4');
  let bytes = 0;
  try {
    for (const [index, packet] of packets.entries()) {
      socket.send(packet, transport.tuple.localPort, '127.0.0.1');
      bytes += packet.length;
      if (packets.length < AT_ONCE || index % AT_ONCE === 0) await taken(transport, bytes);
    }
    await taken(transport, bytes);
    return transport;
  } finally {
    socket.close();
  }
}

async function taken(transport: PlainTransport, bytes: number): Promise<void> {
  const until = performance.now() + WITHIN;
  while (performance.now() < until) {
    const [stats] = await transport.getStats();
    if ((stats?.bytesReceived ?? 0) >= bytes) return;
    await sleep(5);
  }
  throw new Error('it takes no packets');
}

const MID = 4;
const RID = 10;
const LEVEL = 1;
const video = (encodings: NonNullable<RtpParameters['encodings']>): RtpParameters => ({
  mid: 'm',
  codecs: [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000 }],
  headerExtensions: [
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', id: MID },
    { uri: 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', id: RID },
  ],
  encodings,
});

/** An extension of two bytes may be empty (RFC 8285, 4.3), one of one byte may not: it throws as it is passed on as one of those. */
const emptyExtension: Deadly = {
  kind: 'audio',
  rtpParameters: {
    codecs: [{ mimeType: 'audio/opus', payloadType: 96, clockRate: 48_000, channels: 2 }],
    headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: LEVEL }],
    encodings: [{ ssrc: 1 }],
  },
  packets: [packet(1, 0x1000, Buffer.from([LEVEL, 0, 0, 0]))],
};

/** A stream that was found by its RID, and then another for the same encoding: an SSRC that is not given counts as 0. */
const ridThenZero: Deadly = {
  kind: 'video',
  rtpParameters: video([{ rid: 'q' }]),
  packets: [byRid(500), packet(0, 0xbede, Buffer.concat([element(MID, 'm'), Buffer.alloc(2)]))],
};

/** The same, where the encoding has both. */
const ridThenSsrc: Deadly = {
  kind: 'video',
  rtpParameters: video([{ rid: 'q', ssrc: 100 }]),
  packets: [byRid(500), packet(100, 0xbede, Buffer.alloc(4))],
};

const manySsrcs = (): Deadly => ({
  kind: 'video',
  rtpParameters: video([{ rid: 'q' }]),
  packets: Array.from({ length: MADE_UP }, (_, n) => byRid(1_000 + n)),
});

function byRid(ssrc: number): Buffer {
  return packet(ssrc, 0xbede, Buffer.concat([element(MID, 'm'), element(RID, 'q')]));
}

/** One extension of one byte (RFC 8285, 4.2). */
function element(id: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([(id << 4) | (value.length - 1)]), Buffer.from(value)]);
}

/** RTP with header extensions (RFC 3550, 5.1 and 5.3.1); `extensions` in whole words. */
function packet(ssrc: number, profile: number, extensions: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt8(0x90, 0);
  header.writeUInt8(96, 1);
  header.writeUInt16BE(1, 2);
  header.writeUInt32BE(1, 4);
  header.writeUInt32BE(ssrc, 8);
  header.writeUInt16BE(profile, 12);
  header.writeUInt16BE(extensions.length / 4, 14);
  return Buffer.concat([header, extensions, Buffer.from([0x10, 0, 1, 2])]);
}
