import { fstatSync, write } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Command, InvalidArgumentError } from 'commander';
import { writeText } from './print.js';
import { explainWriting, type Overwrite, writeWhole } from './whole-file.js';

/** Where a verb writes what it was asked for: a file, or standard output. */
export type OutputFlags = Overwrite & { readonly out?: string };

/** Adds the flags of every verb that can write to a file. */
export const withOutputFlags = (command: Command): Command =>
  command
    .option('--out <file>', 'to this file, which is there when it is whole; else standard output', filePath)
    .option('--force', 'replace the file if it is there');

export type Output = {
  /** Writes, and resolves when there is room for more. False when nobody reads any more, as by `| head`: that is no failure. */
  write(chunk: string | Uint8Array): Promise<boolean>;
};

/**
 * Gives `work` what to write to. A file is there when `work` has ended well, and not at all when it throws or the process ends
 * before (`writeWhole`); standard output gets everything at once.
 *
 * @throws CliError where the file is there already, cannot be written, or the disk is full
 */
export async function withOutput<A>(
  { out, force }: OutputFlags,
  work: (output: Output) => Promise<A>,
): Promise<A> {
  if (out === undefined) return work(standardOutput());
  return writeWhole(out, { force: force === true }, async (draft) => {
    const file = await open(draft, 'wx');
    try {
      return await work(fileOutput(file.fd, out));
    } finally {
      await file.close();
    }
  });
}

/** Writes to a file that is open. @param name what it is called in errors */
export function fileOutput(fd: number, name: string): Output {
  return {
    async write(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await writeBytes(fd, bytes, at).catch((error) =>
          explainWriting(name, error),
        );
        at += bytesWritten;
      }
      return true;
    },
  };
}

const writeBytes = promisify(write);

/** The stream of a file loses what a full disk did not take, and says nothing: so a file is written as one. */
function standardOutput(): Output {
  const { stdout } = process;
  const kind = fstatSync(stdout.fd);
  if (!stdout.isTTY && !kind.isFIFO() && !kind.isSocket()) return fileOutput(stdout.fd, 'standard output');
  let isOpen = true;
  stdout.once('close', () => {
    isOpen = false;
  });
  return { write: async (chunk) => isOpen && writeText(stdout, chunk) };
}

function filePath(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('The name of a file.');
}
