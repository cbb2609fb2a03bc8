import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { decodeLines } from './decode-lines.js';
import { conversationOfFile, midnightOfFile, sourceOfFile, stemOf } from './names.js';
import type { Source } from './plan.js';

/** A file to import: what it is called in ids, and where its first day begins. */
export type ImportFile = { readonly path: string; readonly id: string; readonly midnight: number };

/** Files that make up one conversation, in order. */
export type ImportTarget = {
  readonly conversationId: string;
  readonly title: string;
  readonly files: readonly ImportFile[];
  /** Several imports may go into one conversation only when it was named. */
  readonly shared: boolean;
};

/** Sources a conversation remembers are 1,024; a few are left for others. */
const MAX_FILES_INTO_ONE = 1_000;

/**
 * Sorts files into conversations: one each, or all into one.
 *
 * @throws CliError naming the file whose name does not do
 */
export function targetsOf(
  paths: readonly string[],
  channel: string,
  into: string | undefined,
): readonly ImportTarget[] {
  const files = paths.map(importFile);
  refuseTwins(paths, (path) => basename(path), 'have the same name, which is what tells files apart');
  if (into !== undefined) {
    if (files.length > MAX_FILES_INTO_ONE) {
      throw new CliError(`at most ${MAX_FILES_INTO_ONE} files go into one conversation`, exitCodes.usage);
    }
    return [{ conversationId: into, title: into, files, shared: true }];
  }
  refuseTwins(paths, conversationOfFile, 'would be one conversation: use --into, or rename one');
  return files.map((file) => ({
    conversationId: conversationOfFile(file.path),
    title: `${channel} ${/\d{4}-\d{2}-\d{2}/.exec(basename(file.path))?.[0] ?? stemOf(file.path)}`,
    files: [file],
    shared: false,
  }));
}

function importFile(path: string): ImportFile {
  const id = sourceOfFile(path);
  if (id === undefined)
    throw new CliError(`${path}: its name is too long; at most 80 characters`, exitCodes.badData);
  const midnight = midnightOfFile(path);
  if (midnight === undefined) {
    throw new CliError(
      `${path}: its name has no date; call it like 2007-06-04.txt, because its lines say the time of day alone`,
      exitCodes.badData,
    );
  }
  return { path, id, midnight };
}

function refuseTwins(paths: readonly string[], nameOf: (path: string) => string, complaint: string): void {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const twin = seen.get(nameOf(path));
    if (twin !== undefined) throw new CliError(`${twin} and ${path} ${complaint}`, exitCodes.usage);
    seen.set(nameOf(path), path);
  }
}

/**
 * Reads a file, with the number of its lines that were not UTF-8.
 *
 * @throws CliError when it cannot be read
 */
export async function readSource({
  path,
  id,
  midnight,
}: ImportFile): Promise<Source & { readonly latin1: number }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new CliError(`${path}: ${reason}`, exitCodes.noInput);
  });
  return { id, midnight, ...decodeLines(bytes) };
}
