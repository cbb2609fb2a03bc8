import { describe, expect, it } from 'vitest';
import { decodeLines } from './decode-lines.js';

describe('the lines of a file', () => {
  it('end at LF or CRLF, the last one with or without', () => {
    expect(decodeLines(Buffer.from('a\r\nb\n\nc')).lines).toEqual(['a', 'b', '', 'c']);
    expect(decodeLines(Buffer.from('a\n')).lines).toEqual(['a']);
    expect(decodeLines(Buffer.from('')).lines).toEqual([]);
  });

  it('are read as Latin-1 where they are not UTF-8, and counted', () => {
    const bytes = Buffer.concat([
      Buffer.from('grün\n'),
      Buffer.from('grün\n', 'latin1'),
      Buffer.from([0xed, 0xa0, 0x80]),
    ]);
    const { lines, latin1 } = decodeLines(bytes);
    expect(lines.slice(0, 2)).toEqual(['grün', 'grün']);
    expect(lines[2]).toHaveLength(3);
    expect(latin1).toBe(2);
  });
});
