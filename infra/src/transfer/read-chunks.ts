import { createReadStream } from 'node:fs';
import { isSignedBy, type Signature } from '../erasure/proof/certificate.js';
import { BadFile, CHUNK_LINES, FORMAT, Manifest } from './format.js';
import { changedLine, sha256Of } from './seal.js';

/** Lines that belong together, and are what was sealed. `firstLine` is counted from 1. */
export type Chunk = {
  readonly firstLine: number;
  readonly lines: readonly string[];
  readonly sha256: string;
};

/** How a file ends. */
export type Signed = { readonly manifest: Manifest; readonly publicKey: string; readonly line: number };

/** The longest line: an event of 64 KiB with room to spare, or the manifest of some ten million events. */
const LONGEST = 8 * 1_048_576;

/**
 * The chunks of a file, one after the other in constant memory, and at last what was signed: each chunk is what its seal says, and all are what the
 * signature says.
 *
 * @throws BadFile at the line that was changed, or where the file ends too soon
 */
export async function* readChunks(path: string): AsyncGenerator<Chunk, Signed> {
  let lines: Buffer[] = [];
  let firstLine = 1;
  let line = 0;
  const chunks: { readonly firstLine: number; readonly lastLine: number; readonly sha256: string }[] = [];
  let signed: Signed | undefined;
  for await (const { bytes, isWhole } of readLines(path)) {
    line++;
    if (signed !== undefined) throw new BadFile(line, 'changed', 'something comes after the end of the file');
    const kind = kindOf(bytes);
    if (!isWhole) throw cut(line, kind);
    if (kind === undefined && line === 1)
      throw new BadFile(1, 'changed', 'this is no exported conversation, or its first line was changed');
    if (kind === undefined) throw changedAt(firstLine, lines, lines.length);
    if (kind === 'manifest') {
      if (lines.length > 0) throw changedAt(firstLine, lines, lines.length);
      signed = readManifest(bytes.toString('utf8'), line);
    } else if (kind === 'seal') {
      const seal = bytes.toString('utf8');
      const changed = changedLine(chunks.length, lines, seal);
      if (changed !== undefined) throw changedAt(firstLine, lines, changed);
      const sha256 = sha256Of(lines);
      chunks.push({ firstLine, lastLine: line, sha256 });
      yield { firstLine, lines: lines.map((each) => each.toString('utf8')), sha256 };
      lines = [];
      firstLine = line + 1;
    } else {
      if (line === 1 && kind === 'header') requireFormat(bytes);
      // Before anything is known of who wrote it: lines without end would fill the memory.
      if (lines.push(bytes) > CHUNK_LINES)
        throw new BadFile(line, 'changed', `more than ${CHUNK_LINES} lines come without a seal`);
    }
  }
  if (signed === undefined) throw cut(line + 1, undefined);
  const { manifest } = signed;
  const other = chunks.findIndex(({ sha256 }, index) => sha256 !== manifest.chunks[index]);
  const wrong = chunks[other];
  if (wrong !== undefined)
    throw new BadFile(
      wrong.firstLine,
      'changed',
      `lines ${wrong.firstLine} to ${wrong.lastLine} are not those that were signed`,
    );
  if (chunks.length !== manifest.chunks.length)
    throw new BadFile(signed.line, 'truncated', 'lines that were signed are missing before it');
  return signed;
}

const cut = (line: number, kind: string | undefined): BadFile =>
  new BadFile(
    line,
    'truncated',
    kind === 'manifest'
      ? 'the last line has no end: the file was cut off, or its last byte changed'
      : 'the file ends here, before its signed last line: it was cut off',
  );

/** Where a line is no JSON any more, that is the one: its line break may be what was changed, and then those behind it are displaced. */
function changedAt(firstLine: number, lines: readonly Buffer[], changed: number): BadFile {
  const broken = lines.findIndex((line) => parse(line.toString('utf8')) === undefined);
  const wrong = broken < 0 ? changed : broken;
  const text = lines[wrong]?.toString('latin1', 0, 600) ?? '';
  const seq = text.startsWith('{"event":') ? /"seq":(\d+)/.exec(text)?.[1] : undefined;
  const which = seq === undefined ? '' : ` (event ${seq})`;
  return new BadFile(firstLine + wrong, 'changed', `this line was changed${which}`);
}

const KINDS = ['header', 'event', 'move', 'keys', 'seal', 'manifest'] as const;

function kindOf(line: Buffer): (typeof KINDS)[number] | undefined {
  const begin = line.toString('latin1', 0, 12);
  return KINDS.find((kind) => begin.startsWith(`{"${kind}":`));
}

/** Before anything else: of a newer format the rest may look otherwise. */
function requireFormat(line: Buffer): void {
  const said = /^\{"header":\{"format":"([^"]{0,60})"/.exec(line.toString('latin1', 0, 120))?.[1];
  if (said === FORMAT) return;
  throw said !== undefined && /^parley-conversation\/\d+$/.test(said)
    ? new BadFile(
        1,
        'newer',
        `it is of the format ${said}, which a newer release wrote; this one reads ${FORMAT}`,
      )
    : new BadFile(1, 'changed', `it does not say that it is of the format ${FORMAT}`);
}

function readManifest(text: string, line: number): Signed {
  const { manifest, signature } = (parse(text) ?? {}) as { manifest?: unknown; signature?: Signature };
  const decoded = Manifest.decode(manifest);
  // There is one way to write it, so that no byte of it can be another.
  const isAsWritten = text === JSON.stringify({ manifest, signature });
  if (
    decoded._tag === 'Left' ||
    signature?.algorithm !== 'Ed25519' ||
    !isAsWritten ||
    !isSignedBy(signature, manifest)
  )
    throw new BadFile(line, 'changed', 'the signature does not fit: this line was changed');
  return { manifest: decoded.right, publicKey: signature.publicKey, line };
}

function parse(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

/** The lines of a file without their breaks; the last is not whole where it has none. */
async function* readLines(
  path: string,
): AsyncGenerator<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  let parts: Buffer[] = [];
  let length = 0;
  let line = 1;
  for await (const piece of createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      parts.push(piece.subarray(from, end));
      yield { bytes: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), isWhole: true };
      parts = [];
      length = 0;
      line++;
      from = end + 1;
    }
    parts.push(piece.subarray(from));
    length += piece.length - from;
    if (length > LONGEST) throw new BadFile(line, 'changed', 'this line is longer than any of such a file');
  }
  if (length > 0) yield { bytes: Buffer.concat(parts), isWhole: false };
}
