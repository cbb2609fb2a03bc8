/** Lines of a file, without their breaks, and how many were not UTF-8. */
export type DecodedLines = { readonly lines: readonly string[]; readonly latin1: number };

/** Splits at LF or CRLF. A line that is not UTF-8 is read as Latin-1, in which every byte is a character. */
export function decodeLines(bytes: Uint8Array): DecodedLines {
  const lines: string[] = [];
  let latin1 = 0;
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(LF, from);
    const to = newline === -1 ? bytes.length : newline;
    const line = bytes.subarray(from, to > from && bytes[to - 1] === CR ? to - 1 : to);
    try {
      lines.push(utf8.decode(line));
    } catch {
      lines.push(Buffer.from(line).toString('latin1'));
      latin1++;
    }
    from = to + 1;
  }
  return { lines, latin1 };
}

const LF = 0x0a;
const CR = 0x0d;
const utf8 = new TextDecoder('utf-8', { fatal: true });
