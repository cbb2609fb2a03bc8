import { realpath, rm } from 'node:fs/promises';
import { outsideHome } from './postgres-place.js';

/** Removes a home and everything of it that lies elsewhere. Its stack must have been stopped. */
export const forgetHome = async (home: string): Promise<void> => {
  const path = await realpath(home).catch(() => undefined);
  if (path === undefined) return;
  await rm(outsideHome(path), { recursive: true, force: true });
  await rm(path, { recursive: true, force: true });
};
