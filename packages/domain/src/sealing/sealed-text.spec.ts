import { describe, expect, it } from 'vitest';
import { erasedBody, hollowed, readSealedText, writeSealedText } from './sealed-text.js';

const payload = `${'n'.repeat(32)}ciphertext`;

describe('a sealed text', () => {
  it('is read as it was written', () => {
    const sealed = { bucket: 't60-1767268800', payload };
    expect(writeSealedText(sealed)).toBe(`s1.t60-1767268800.${payload}`);
    expect(readSealedText(writeSealedText(sealed))).toStrictEqual(sealed);
  });

  it('is nothing of another scheme, and nothing without a payload', () => {
    for (const other of ['p0.{"kind":"text","text":"s1.a.b"}', 'e0.', 's1.t60-1']) {
      expect(readSealedText(other)).toBeUndefined();
    }
  });

  it('is hollow with bucket and nonce alone, however it was erased', () => {
    const hollow = `s1.m2026-01.${'n'.repeat(32)}`;
    for (const opaque of [`s1.m2026-01.${payload}`, `e0.m2026-01.${'n'.repeat(32)}`, hollow])
      expect(hollowed(opaque)).toBe(hollow);
    for (const opaque of ['p0.{"kind":"text","text":"hello"}', 'e0.', ''])
      expect(hollowed(opaque)).toBe('s1..');
  });

  it('leaves bucket and nonce behind when it is erased, and nothing of what it held', () => {
    expect(erasedBody(`s1.m2026-01.${payload}`)).toBe(`e0.m2026-01.${'n'.repeat(32)}`);
    expect(erasedBody('p0.{"kind":"text","text":"hello"}')).toBe('e0.');
  });
});
