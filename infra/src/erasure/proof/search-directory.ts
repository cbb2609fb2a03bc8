import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setImmediate as othersTurn } from 'node:timers/promises';

/** A needle that was found: which, in which file, at which byte. */
export type Find = { readonly match: RegExpExecArray; readonly file: string; readonly offset: number };

export type Search = {
  /** Global; finds at most `longest` bytes at a time, in Latin-1, so that a character is a byte. */
  readonly needle: RegExp;
  /** Bytes that a find has at most; a longer one is found by its beginning. */
  readonly longest: number;
  readonly onFind: (find: Find) => void;
  /** Told of the bytes read so far. */
  readonly onProgress?: (bytes: number) => void;
};

/** What was searched: files, bytes, and a digest over the paths, sizes and SHA-256 of all files in the order of their paths. */
export type Searched = { readonly files: number; readonly bytes: number; readonly sha256: string };

/**
 * Searches every file of a directory, also those that servers are writing to, and what its links lead to. A file that goes away meanwhile is
 * passed over: what it held is in its successor or nowhere.
 *
 * @throws what the file system says, for a directory or a file that may not be read
 */
export async function searchDirectory(directory: string, search: Search): Promise<Searched> {
  const paths = await filesOf(directory);
  const all = createHash('sha256');
  // One for all files: the garbage of one for each would take longer to collect than they take to search.
  const space = Buffer.allocUnsafe(PIECE + search.longest);
  let files = 0;
  let bytes = 0;
  for (const path of paths) {
    const found = await searchFile(path, search, space, (read) => search.onProgress?.(bytes + read)).catch(
      unlessGone,
    );
    if (found === undefined) continue;
    files++;
    bytes += found.bytes;
    all.update(`${relative(directory, path)} ${found.bytes} ${found.sha256}\n`);
  }
  return { files, bytes, sha256: all.digest('hex') };
}

/** In the order of their paths, also where a link leads to them, as to a write-ahead log or a table on another disk; each directory once. */
async function filesOf(directory: string): Promise<readonly string[]> {
  const paths: string[] = [];
  const seen = new Set<string>();

  async function walk(inside: string): Promise<void> {
    const real = await realpath(inside);
    if (seen.has(real)) return;
    seen.add(real);
    const entries = await readdir(inside, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(inside, entry.name);
      const found = entry.isSymbolicLink() ? await stat(path).catch(unlessGone) : entry;
      if (found?.isDirectory()) await walk(path).catch(unlessGone);
      if (found?.isFile()) paths.push(path);
    }
  }

  await walk(directory);
  return paths.sort();
}

/** Bytes read at once; what begins near their end is looked at again with the next. */
export const PIECE = 1024 * 1024;

/**
 * Reads synchronously and lets others have a turn after each piece: a database has thousands of files of some kilobytes, and opening, reading and
 * closing each in the pool of threads takes three times as long as the search.
 */
async function searchFile(
  path: string,
  search: Search,
  space: Buffer,
  onRead: (bytes: number) => void,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  /** Bytes at the beginning of the space that may be the beginning of a find. */
  let kept = 0;
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const read = readSync(file, space, kept, PIECE, null);
      hash.update(space.subarray(kept, kept + read));
      const length = kept + read;
      const piece = { file: path, begin: bytes - kept, text: space.toString('latin1', 0, length) };
      const looked = lookThrough(piece, search, read === 0);
      bytes += read;
      if (read === 0) return { bytes, sha256: hash.digest('hex') };
      space.copyWithin(0, looked, length);
      kept = length - looked;
      onRead(bytes);
      await othersTurn();
    }
  } finally {
    closeSync(file);
  }
}

/** Text of a file that begins at this byte of it. */
type Piece = { readonly file: string; readonly begin: number; readonly text: string };

/** How much of a piece was looked at; what begins in the rest may be longer than the rest is. */
function lookThrough(
  { file, begin, text }: Piece,
  { needle, longest, onFind }: Search,
  isLast: boolean,
): number {
  const sure = isLast ? text.length : Math.max(0, text.length - longest);
  let looked = sure;
  needle.lastIndex = 0;
  for (let match = needle.exec(text); match !== null; match = needle.exec(text)) {
    if (match.index >= sure) break;
    onFind({ match, file, offset: begin + match.index });
    looked = Math.max(looked, match.index + match[0].length);
    if (match[0].length === 0) needle.lastIndex++;
  }
  return looked;
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
