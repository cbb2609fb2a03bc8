import { describe, expect, it } from 'vitest';
import { readRtp, writeRtp, writeSenderReport } from './rtp-packet.js';

describe('a packet of RTP', () => {
  it('is read as it was written', () => {
    const packet = { sequence: 65_537, timestamp: 2 ** 32 + 5, marker: true, payload: Buffer.from('abc') };
    const bytes = writeRtp(packet, 96, 7);
    expect(bytes.readUInt8(1) & 0x7f).toBe(96);
    expect(bytes.readUInt32BE(8)).toBe(7);
    expect(readRtp(bytes)).toEqual({ ...packet, sequence: 1, timestamp: 5 });
  });

  it('loses its contributors, extensions and padding', () => {
    const head = Buffer.from('b16f000100000002000000030000000abede000141420000', 'hex');
    expect(readRtp(Buffer.concat([head, Buffer.from([9, 9, 0, 2])]))?.payload).toEqual(Buffer.from([9, 9]));
  });

  it('is none where it is too short, of another version, or empty', () => {
    for (const hex of ['', '8060', '4060000100000002000000030909', '806000010000000200000003'])
      expect(readRtp(Buffer.from(hex, 'hex'))).toBeUndefined();
    // Longer by its own account than it is.
    expect(readRtp(Buffer.from('9060000100000002000000030000ffff09', 'hex'))).toBeUndefined();
  });

  it('has its time told by a report', () => {
    const report = writeSenderReport(7, 1_500, 90_000);
    expect(report.readUInt32BE(8)).toBe(2_208_988_801);
    expect(report.readUInt32BE(12)).toBe(2 ** 31);
    expect(report.readUInt32BE(16)).toBe(90_000);
  });
});
