import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

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
 * Searches every file of a directory, also those that servers are writing to. A file that goes away meanwhile is passed over: what it held
 * is in its successor or nowhere.
 *
 * @throws what the file system says, for a directory or a file that may not be read
 */
export async function searchDirectory(directory: string, search: Search): Promise<Searched> {
  const all = createHash('sha256');
  let files = 0;
  let bytes = 0;
  for (const path of await filesOf(directory)) {
    const found = await searchFile(path, search, (read) => search.onProgress?.(bytes + read)).catch(
      unlessGone,
    );
    if (found === undefined) continue;
    files++;
    bytes += found.bytes;
    all.update(`${relative(directory, path)} ${found.bytes} ${found.sha256}\n`);
  }
  return { files, bytes, sha256: all.digest('hex') };
}

async function filesOf(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

/** Read at once; what begins near the end of a piece is looked at again with the next. */
const PIECE = 4 * 1024 * 1024;

async function searchFile(
  path: string,
  { needle, longest, onFind }: Search,
  onRead: (bytes: number) => void,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let rest = '';
  const look = (text: string, isLast: boolean): string => {
    const begin = bytes - text.length;
    const sure = isLast ? text.length : Math.max(0, text.length - longest);
    let from = sure;
    needle.lastIndex = 0;
    for (let match = needle.exec(text); match !== null; match = needle.exec(text)) {
      if (match.index >= sure) break;
      onFind({ match, file: path, offset: begin + match.index });
      from = Math.max(from, match.index + match[0].length);
      if (match[0].length === 0) needle.lastIndex++;
    }
    return text.slice(from);
  };
  for await (const piece of createReadStream(path, { highWaterMark: PIECE })) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
    rest = look(rest + (piece as Buffer).toString('latin1'), false);
    onRead(bytes);
  }
  look(rest, true);
  return { bytes, sha256: hash.digest('hex') };
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
