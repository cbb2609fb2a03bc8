import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { homeDirectory } from '../runtime/home-directory.js';
import { clusterMajor } from './cluster-major.js';
import { cacheDirectory } from './fetch-cache.js';
import { type FoundServer, findServer, ServerNotFound } from './find-server.js';
import { natsSource } from './nats-source.js';
import { postgresSource } from './postgres-source.js';
import { redisSource } from './redis-source.js';
import type { ServerSource } from './server-source.js';
import { formatVersion } from './version.js';

/** One thing that Parley needs, and how this machine stands with it. */
export type Finding = {
  readonly what: string;
  readonly state: 'good' | 'will be fetched' | 'missing';
  /** Version and place, or what is wrong. */
  readonly detail: string;
  /** The command that mends what is missing. */
  readonly mend?: string;
};

/** Looks at what is there and changes nothing. */
export const inspectMachine = async (): Promise<readonly Finding[]> =>
  Promise.all([
    inspectNode(),
    ...[natsSource, postgresSource, redisSource].map(inspectServer),
    inspectDirectory('data', homeDirectory(), 'PARLEY_HOME'),
    inspectDirectory('cache of fetched programs', cacheDirectory(), 'PARLEY_CACHE'),
  ]);

const inspectNode = async (): Promise<Finding> => {
  const major = Number.parseInt(process.versions.node, 10);
  const detail = `${process.versions.node} (${process.execPath})`;
  return major >= 22
    ? { what: 'Node', state: 'good', detail }
    : { what: 'Node', state: 'missing', detail: `${detail}: 22 or newer is needed`, mend: 'npm install' };
};

const inspectServer = async (source: ServerSource): Promise<Finding> => {
  const what = source.title;
  const wanted = source.name === 'postgres' ? await clusterMajor(`${homeDirectory()}/postgres`) : undefined;
  try {
    const found = await findServer(source, {
      report: () => undefined,
      mayFetch: false,
      ...(wanted === undefined ? {} : { suits: ([major]) => major === wanted }),
    });
    return { what, state: 'good', detail: describe(found) };
  } catch (error) {
    if (!(error instanceof ServerNotFound)) throw error;
    const old = error.tried.length > 0 ? `${error.tried.join('; ')}; ` : '';
    const needed = `${old}${formatVersion(source.minimum)} or newer is needed`;
    for (const fetch of source.fetches) {
      if (!(await fetch.applies())) continue;
      return {
        what,
        state: 'will be fetched',
        detail: `${needed}; the next start fetches it from ${fetch.from}`,
      };
    }
    return { what, state: 'missing', detail: needed, mend: source.mend };
  }
};

const describe = (found: FoundServer): string =>
  found.kind === 'binary' ? `${formatVersion(found.version)} (${found.origin})` : found.origin;

const inspectDirectory = async (what: string, directory: string, variable: string): Promise<Finding> => {
  try {
    const existing = await nearestExisting(directory);
    if (!(await stat(existing)).isDirectory()) throw new Error(`${existing} is not a directory`);
    await access(existing, constants.W_OK | constants.X_OK);
    return { what, state: 'good', detail: directory };
  } catch (error) {
    return {
      what,
      state: 'missing',
      detail: `${directory} cannot be written: ${(error as Error).message}`,
      mend: `${variable}=DIRECTORY, a directory that you can write`,
    };
  }
};

const nearestExisting = async (directory: string): Promise<string> =>
  access(directory).then(
    () => directory,
    () => nearestExisting(dirname(directory)),
  );
