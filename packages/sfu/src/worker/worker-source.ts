import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package of mediasoup: it has the worker's source, and a script that downloads what the vendor built of it. */
export const mediasoupDirectory = dirname(
  dirname(dirname(createRequire(import.meta.url).resolve('mediasoup'))),
);

/** What builds the worker here. */
export const recipeDirectory = fileURLToPath(new URL('../../../../infra/mediasoup-worker', import.meta.url));

/** The program's name, in the cache as in the vendor's archive. */
export const WORKER_PROGRAM = 'mediasoup-worker';

export const workerIn = (directory: string): string => join(directory, WORKER_PROGRAM);
