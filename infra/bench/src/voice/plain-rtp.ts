import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { types } from 'mediasoup';

export const PACKETS_A_SECOND = 50;
const PAYLOAD_TYPE = 111;
/** Where the time of sending is in a packet: after the header and its one extension. */
const TIME_AT = 20;
const PAYLOAD = 160;

/** An opus track as a browser describes it. */
export const opusOf = (ssrc: number): types.RtpParameters => ({
  codecs: [
    {
      mimeType: 'audio/opus',
      payloadType: PAYLOAD_TYPE,
      clockRate: 48_000,
      channels: 2,
      parameters: { useinbandfec: 1, usedtx: 1 },
    },
  ],
  headerExtensions: [{ uri: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level', id: 1 }],
  encodings: [{ ssrc }],
  rtcp: { cname: 'speaker' },
});

/** A plain transport that takes packets from wherever the first one comes, and one that sends to `port`. */
export const openSource = (router: types.Router): Promise<types.PlainTransport> =>
  router.createPlainTransport({ listenInfo, comedia: true, rtcpMux: true });

export async function openListener(router: types.Router, port: number): Promise<types.PlainTransport> {
  const transport = await router.createPlainTransport({ listenInfo, rtcpMux: true });
  await transport.connect({ ip: '127.0.0.1', port });
  return transport;
}

const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const;

export type RtpSpeaker = {
  /** Packets sent until now. */
  readonly sent: number;
  speak(): void;
  pause(): void;
  close(): void;
};

/** Speaks when it is told to: 160 bytes of opus every 20 ms to `port`, each with the time at which it was sent. */
export function openSpeaker(port: number, ssrc: number): RtpSpeaker {
  const socket = createSocket('udp4');
  const packet = Buffer.alloc(TIME_AT + PAYLOAD);
  packet.writeUInt16BE((0x90 << 8) | PAYLOAD_TYPE, 0);
  packet.writeUInt32BE(ssrc, 8);
  // One extension of one byte: as loud as speech is (RFC 6464, RFC 8285).
  packet.writeUInt32BE(0xbede_0001, 12);
  packet.writeUInt32BE(0x109e_0000, 16);
  let sent = 0;
  let speaking: NodeJS.Timeout | undefined;

  function say(): void {
    packet.writeUInt16BE(sent & 0xffff, 2);
    packet.writeUInt32BE((sent * 960) >>> 0, 4);
    packet.writeDoubleBE(performance.now(), TIME_AT);
    socket.send(Buffer.from(packet), port, '127.0.0.1');
    sent++;
  }

  const pause = (): void => clearInterval(speaking);
  return {
    get sent() {
      return sent;
    },
    speak() {
      const begin = performance.now();
      let due = 0;
      // As many as are due: a timer that comes late does not make a slower speaker.
      speaking = setInterval(() => {
        const until = ((performance.now() - begin) * PACKETS_A_SECOND) / 1_000;
        for (; due < until; due++) say();
      }, 5);
    },
    pause,
    close() {
      pause();
      socket.close();
    },
  };
}

/** Hears on a port of its own: for how long each packet was under way, in ms. */
export async function openEar(heard: (ms: number) => void) {
  const socket = createSocket('udp4');
  socket.on('message', (packet) => {
    const now = performance.now();
    // Not RTCP (RFC 5761, section 4). The header may have grown.
    if (packet.length > PAYLOAD && (packet.readUInt8(1) < 192 || packet.readUInt8(1) > 223))
      heard(now - timeIn(packet));
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}

const timeIn = (packet: Buffer): number => packet.readDoubleBE(packet.length - PAYLOAD);

/**
 * A port whose packets nobody reads: its process is stopped, so the kernel drops what comes as soon as the buffer is full. To be N listeners costs nothing that would be missing
 * to who sends to them.
 */
export async function openSink(): Promise<{ readonly port: number; close(): void }> {
  const child: ChildProcess = spawn(process.execPath, ['-e', SINK], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  return { port: Number(line.toString()), close: () => void child.kill('SIGKILL') };
}

const SINK = `const s = require('node:dgram').createSocket('udp4'); s.bind(0, '127.0.0.1', () => console.log(s.address().port));`;
