import { describe, expect, it } from 'vitest';
import { afterClose, type CloseTag, closeCodes } from './close-codes.js';

const rows = Object.values(closeCodes);

describe('the close codes', () => {
  it('are unique, and ours or those the protocol gives for it', () => {
    const codes = rows.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes)
      expect([1001, 1002, 1009].includes(code) || (code >= 4_000 && code <= 4_999)).toBe(true);
  });

  it('fit a close frame: at most 123 bytes of ASCII', () => {
    for (const { sentence } of rows) {
      expect(sentence).toMatch(/^[\x20-\x7e]+\.$/);
      expect(sentence.length).toBeLessThanOrEqual(123);
    }
  });

  it('say what the client does next', () => {
    const next = Object.fromEntries(
      (Object.keys(closeCodes) as CloseTag[]).map((tag) => [tag, afterClose(closeCodes[tag].code)]),
    );
    expect(next).toStrictEqual({
      GoingAway: 'resume',
      ProtocolError: 'stop',
      FrameTooLarge: 'stop',
      SlowReader: 'resume',
      IdleTimeout: 'resume',
      SessionLost: 'resume',
      OpenTimeout: 'resume',
      TokenExpired: 'renew',
      DeviceRevoked: 'stop',
      PersonErased: 'stop',
      TokenRefused: 'stop',
    });
  });

  it('that nobody knows are a broken line', () => {
    for (const code of [1000, 1005, 1006, 1011, 4_999, 0]) expect(afterClose(code)).toBe('resume');
  });
});
