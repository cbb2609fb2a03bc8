import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { withPidLock } from './pid-lock.js';

export const cacheDirectory = (env: NodeJS.ProcessEnv = process.env): string =>
  env.PARLEY_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'parley');

/** The directory of an entry that was fetched before, or undefined. */
export const cachedEntry = async (id: string): Promise<string | undefined> => {
  const directory = join(cacheDirectory(), id);
  return (await isDirectory(directory)) ? directory : undefined;
};

export type EntryMaker = {
  readonly fill: (directory: string) => Promise<void>;
  /** Whether what is there will do; an entry that will not is made anew. */
  readonly isGood: (directory: string) => Promise<boolean>;
};

/**
 * Makes an entry of the cache, unless a good one is there: in a temporary sibling, renamed when it is complete and good.
 * Processes that start at the same time wait for the first of them.
 */
export const makeEntry = async (id: string, { fill, isGood }: EntryMaker): Promise<string> => {
  const directory = join(cacheDirectory(), id);
  await mkdir(dirname(directory), { recursive: true });
  return withPidLock(`${directory}.lock`, async () => {
    if ((await isDirectory(directory)) && (await isGood(directory))) return directory;
    await removeLeftovers(directory);
    const temporary = await mkdtemp(`${directory}.partial-`);
    try {
      await fill(temporary);
      if (!(await isGood(temporary))) throw new Error('what was fetched is too old, or does not run here');
      await rm(directory, { recursive: true, force: true });
      await rename(temporary, directory);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
    return directory;
  });
};

const removeLeftovers = async (directory: string): Promise<void> => {
  const siblings = await readdir(dirname(directory), { withFileTypes: true });
  const partial = `${directory}.partial-`;
  for (const sibling of siblings) {
    const path = join(dirname(directory), sibling.name);
    if (path.startsWith(partial)) await rm(path, { recursive: true, force: true });
  }
};

const isDirectory = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
