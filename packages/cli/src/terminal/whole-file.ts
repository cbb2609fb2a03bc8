import { rmSync } from 'node:fs';
import { link, mkdtemp, realpath, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';

/** Whether a file that is there may be replaced. */
export type Overwrite = { readonly force?: boolean };

/**
 * Makes a file that is there whole or not at all: `write` makes it under the name it is given, in a directory of its own beside
 * the place, and it is moved there at the end. What `write` throws leaves nothing behind and what was there as it was; so does
 * an end of the process, unless that is killed.
 *
 * @throws CliError where a file is there and `force` is not given, where nothing can be written, and when the disk is full
 */
export async function writeWhole<A>(
  path: string,
  { force = false }: Overwrite,
  write: (draft: string) => Promise<A>,
): Promise<A> {
  const target = await freePlace(path, force);
  const beside = join(dirname(target), `.${basename(target)}.`);
  const directory = await mkdtemp(beside).catch((error) => explainWriting(path, error));
  const draft = join(directory, basename(target));
  const forget = (): void => rmSync(directory, { recursive: true, force: true });
  process.on('exit', forget);
  try {
    const written = await write(draft);
    // Unlike a rename, a link fails where somebody else has put a file meanwhile.
    await (force ? rename : link)(draft, target).catch((error) => explainWriting(path, error));
    return written;
  } finally {
    process.off('exit', forget);
    forget();
  }
}

/** Where the file goes: a link is followed. */
async function freePlace(path: string, force: boolean): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return path;
  if (!there.isFile()) throw cannotWrite(`${path} is no file: write to standard output for what is none`);
  if (!force) throw existsAlready(path);
  return realpath(path);
}

/** Throws what to do about an error in writing a file. */
export function explainWriting(path: string, error: unknown): never {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EEXIST':
      throw existsAlready(path);
    case 'ENOENT':
    case 'ENOTDIR':
      throw cannotWrite(`there is no directory ${dirname(path)} to write ${basename(path)} to`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      throw cannotWrite(`${path} may not be written: choose another place`);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      throw noRoomFor(path);
    default:
      throw error;
  }
}

/** The disk is full. */
export const noRoomFor = (path: string): CliError =>
  cannotWrite(`no room is left to write ${path}: make room, or choose another place`);

const existsAlready = (path: string): CliError =>
  cannotWrite(`${path} is there already: choose another name, or replace it by --force`);

const cannotWrite = (sentence: string): CliError => new CliError(sentence, exitCodes.cannotWrite);
