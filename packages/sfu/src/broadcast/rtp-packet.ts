/** What of an RTP packet (RFC 3550, 5.1) is passed on. */
export type RtpPacket = {
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payload: Buffer;
};

const HEADER = 12;

/** The packet without its header extensions and padding; undefined where it is none. */
export function readRtp(bytes: Buffer): RtpPacket | undefined {
  if (bytes.length < HEADER || bytes.readUInt8(0) >> 6 !== 2) return undefined;
  const flags = bytes.readUInt8(0);
  let start = HEADER + (flags & 0x0f) * 4;
  if ((flags & 0x10) !== 0) {
    if (bytes.length < start + 4) return undefined;
    start += 4 + bytes.readUInt16BE(start + 2) * 4;
  }
  const end = bytes.length - ((flags & 0x20) === 0 ? 0 : bytes.readUInt8(bytes.length - 1));
  if (start >= end) return undefined;
  return {
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    marker: (bytes.readUInt8(1) & 0x80) !== 0,
    payload: bytes.subarray(start, end),
  };
}

/** `sequence` and `timestamp` may have grown past their width: what counts is their low bits. */
export function writeRtp(packet: RtpPacket, payloadType: number, ssrc: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + packet.payload.length);
  bytes.writeUInt8(0x80, 0);
  bytes.writeUInt8((packet.marker ? 0x80 : 0) | payloadType, 1);
  bytes.writeUInt16BE(packet.sequence & 0xffff, 2);
  bytes.writeUInt32BE(packet.timestamp % 2 ** 32, 4);
  bytes.writeUInt32BE(ssrc, 8);
  packet.payload.copy(bytes, HEADER);
  return bytes;
}

/** Seconds between the epochs of NTP and of Unix. */
const NTP_EPOCH = 2_208_988_800;

/** A sender report (RFC 3550, 6.4.1) that says which time of the wall, in ms, a timestamp is: by it a receiver brings streams together. */
export function writeSenderReport(ssrc: number, wallMs: number, timestamp: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt8(0x80, 0);
  bytes.writeUInt8(200, 1);
  bytes.writeUInt16BE(6, 2);
  bytes.writeUInt32BE(ssrc, 4);
  bytes.writeUInt32BE(Math.floor(wallMs / 1_000) + NTP_EPOCH, 8);
  bytes.writeUInt32BE(Math.floor(((wallMs % 1_000) / 1_000) * 2 ** 32), 12);
  bytes.writeUInt32BE(timestamp % 2 ** 32, 16);
  return bytes;
}

/** How far `to` is ahead of `from` on a counter of 16 bits that goes around. */
export const sequenceAhead = (to: number, from: number): number => ((to - from) << 16) >> 16;

/** The same of timestamps, of 32 bits. */
export const timestampAhead = (to: number, from: number): number => (to - from) | 0;
