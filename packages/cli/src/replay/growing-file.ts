import { type FileHandle, open } from 'node:fs/promises';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { fileOutput, type Output } from '../terminal/output.js';
import { explainWriting } from '../terminal/whole-file.js';

/** A file that grows, and is kept wherever the work ends: a saved position says how much of it counts. */
export type GrowingFile = Output & {
  readonly bytes: () => number;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/**
 * Opens a file to write behind what counts of it; the rest, which was written after the position was saved, is cut off.
 *
 * @param counts its length when the position was saved; undefined where it begins now
 * @throws CliError where a file is there that nothing is saved of, or it is not as long as was saved
 */
export async function openGrowing(
  path: string,
  counts: number | undefined,
  force: boolean,
): Promise<GrowingFile> {
  const file = await (counts === undefined ? open(path, force ? 'w' : 'wx') : goOn(path, counts)).catch(
    (error) => explainWriting(path, error),
  );
  const output = fileOutput(file.fd, path);
  let bytes = counts ?? 0;
  return {
    async write(chunk) {
      const isOpen = await output.write(chunk);
      bytes += Buffer.byteLength(chunk);
      return isOpen;
    },
    bytes: () => bytes,
    sync: () => file.datasync(),
    close: () => file.close(),
  };
}

async function goOn(path: string, counts: number): Promise<FileHandle> {
  const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? lost(`${path} is not there any more`) : error;
  });
  const { size } = await file.stat();
  await file.close();
  if (size < counts) throw lost(`${path} has ${size} bytes and had ${counts}`);
  const appending = await open(path, 'a');
  await appending.truncate(counts);
  return appending;
}

const lost = (what: string): CliError =>
  new CliError(
    `${what}, so nothing can go on in it: remove the position file to begin anew`,
    exitCodes.badData,
  );
