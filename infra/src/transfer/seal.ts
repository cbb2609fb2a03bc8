import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * The line after the lines of a chunk. It says nothing that they do not say: it is there to find a line that was changed. That nobody changed
 * line and seal together is what the manifest and its signature are for.
 */
export const sealLine = (chunk: number, lines: readonly Uint8Array[]): string =>
  JSON.stringify({
    seal: { chunk, lines: lines.length, sha256: sha256Of(lines), crc32: lines.map(checkOf) },
  });

/** SHA-256 over the lines, a line break after each, in hexadecimal. */
export function sha256Of(lines: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line).update('\n');
  return hash.digest('hex');
}

const checkOf = (line: Uint8Array): string => crc32(line).toString(16).padStart(8, '0');

/** Which of the lines is not what was sealed, from 0; their number for the seal itself. Undefined where all is as it was. */
export function changedLine(chunk: number, lines: readonly Uint8Array[], seal: string): number | undefined {
  if (seal === sealLine(chunk, lines)) return undefined;
  const said = parse(seal);
  if (said === undefined || said.sha256 === sha256Of(lines)) return lines.length;
  const wrong = lines.findIndex((line, index) => checkOf(line) !== said.crc32[index]);
  return wrong < 0 ? lines.length : wrong;
}

function parse(text: string): { readonly sha256: unknown; readonly crc32: readonly unknown[] } | undefined {
  try {
    const { seal } = JSON.parse(text) as { seal: { sha256: unknown; crc32: unknown } };
    return Array.isArray(seal.crc32) ? { sha256: seal.sha256, crc32: seal.crc32 } : undefined;
  } catch {
    return undefined;
  }
}
