import { randomUUID } from 'node:crypto';
import { chmod, link, readFile, rm, stat, writeFile } from 'node:fs/promises';

/** A file of secrets that others could have read or written, or that does not hold what it should. */
export class UnsafeSecrets extends Error {}

/** Writes a file for its owner alone: whole or not at all, and never over an existing one, whoever starts at the same time. */
export const createOnce = async (path: string, content: () => string): Promise<void> => {
  if (await exists(path)) return;
  const draft = `${path}.${randomUUID()}.new`;
  await writeFile(draft, content(), { mode: 0o600 });
  await chmod(draft, 0o600);
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { force: true });
};

export const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined;

/**
 * Reads a file of secrets.
 *
 * @throws UnsafeSecrets when others could have read or written it
 */
export const readPrivate = async (path: string): Promise<string> => {
  const { mode, uid } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new UnsafeSecrets(`${path} can be read or written by others: chmod 600 ${path}`);
  }
  const mine = process.getuid?.();
  if (mine !== undefined && mine !== 0 && uid !== mine) {
    throw new UnsafeSecrets(`${path} belongs to user ${uid}, not to the one who runs this`);
  }
  return readFile(path, 'utf8');
};
