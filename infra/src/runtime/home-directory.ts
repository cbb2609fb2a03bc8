import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the embedded stack keeps data and secrets: PARLEY_HOME, else `.parley` beside the workspace's package.json. */
export const homeDirectory = (env: NodeJS.ProcessEnv = process.env): string => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  if (!env.PARLEY_HOME) return resolve(root, '.parley');
  return isAbsolute(env.PARLEY_HOME) ? env.PARLEY_HOME : resolve(env.PARLEY_HOME);
};
