import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The major version of Postgres that wrote the data, when there is data: only that one can read it. */
export const clusterMajor = async (data: string): Promise<number | undefined> => {
  const text = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
};
