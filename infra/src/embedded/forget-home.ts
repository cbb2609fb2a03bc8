import { realpath, rm } from 'node:fs/promises';
import { outsideHome } from './postgres-place.js';

/** Removes a home and everything of it that lies elsewhere. Its stack must have been stopped, or be about to be: what a server that ends still writes is removed, too. */
export const forgetHome = async (home: string): Promise<void> => {
  const path = await realpath(home).catch(() => undefined);
  if (path === undefined) return;
  for (const each of [outsideHome(path), path])
    await rm(each, { recursive: true, force: true, maxRetries: 10 });
};
