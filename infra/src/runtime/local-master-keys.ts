import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createOnce, exists, readPrivate } from './private-file.js';

/**
 * The master keys of a home, as PARLEY_MASTER_KEYS takes them, having made one if there are none. They have a file of their own,
 * one a line and newest first, because it must not be where the log is backed up to.
 *
 * @throws UnsafeSecrets when others could have read or written them
 */
export const localMasterKeys = async (home: string): Promise<string> => {
  await mkdir(home, { recursive: true, mode: 0o700 });
  await createOnce(pathIn(home), () => `${randomBytes(32).toString('base64url')}\n`);
  return stored(home);
};

/**
 * The same, or undefined where no stack has been.
 *
 * @throws UnsafeSecrets when others could have read or written them
 */
export const knownMasterKeys = async (home: string): Promise<string | undefined> =>
  (await exists(pathIn(home))) ? stored(home) : undefined;

const stored = async (home: string): Promise<string> =>
  (await readPrivate(pathIn(home))).split('\n').filter(isLine).join(',');

const isLine = (line: string): boolean => line.trim() !== '';

const pathIn = (home: string): string => join(home, 'master-keys');
