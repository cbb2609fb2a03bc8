import { join } from 'node:path';
import { hasApt, libraryPath, unpackDebianPackages } from './fetch-debian.js';
import { searchPath } from './search-path.js';
import type { Fetch, ServerSource } from './server-source.js';

/** The vendor releases sources only. The package's libraries come with it where this machine lacks them. */
const fromDistribution: Fetch = {
  id: 'redis-server-debian',
  from: "the distribution's package, unpacked and not installed",
  applies: hasApt,
  fill: (directory, report) => unpackDebianPackages({ names: ['redis-server'] }, directory, report),
  command: async (directory) => join(directory, 'usr/bin/redis-server'),
  env: async (directory) => ({ LD_LIBRARY_PATH: await libraryPath(directory) }),
};

export const redisSource: ServerSource = {
  name: 'redis',
  title: 'redis-server',
  urlVariable: 'REDIS_URL',
  minimum: [7, 0, 0],
  candidates: async () => searchPath('redis-server'),
  fetches: [fromDistribution],
  image: 'redis:7',
  mend: 'apt-get install redis-server',
};
