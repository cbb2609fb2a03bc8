import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '@parley/infra/erasure/proof/copies';
import { secretStates } from '@parley/infra/erasure/proof/secret-states';
import type { VerifyResources } from '@parley/infra/erasure/proof/verify';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { listVersions } from '@parley/infra/read-model/versions';
import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import { homeDirectory } from '@parley/infra/runtime/home-directory';
import { createLog } from '@parley/infra/runtime/log';
import { openVault } from '@parley/infra/vault/open-vault';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { type Endpoints, runningEndpoints } from '../terminal/endpoints.js';
import { openLog } from '../terminal/log-access.js';
import { givenMasterKeys } from '../terminal/master-keys.js';

/** Where the servers are, and their files; what is not said is that of the running stack. */
export type StoreFlags = {
  readonly nats?: string;
  readonly database?: string;
  readonly redis?: string;
  readonly natsDir?: string;
  readonly postgresDir?: string;
  readonly redisDir?: string;
};

/**
 * Connects to everything that may hold what was erased.
 *
 * @throws CliError that says which server does not answer, or which key is missing
 */
export async function openStores(
  flags: StoreFlags,
): Promise<{ readonly resources: VerifyResources; readonly close: () => Promise<void> }> {
  const isElsewhere = flags.nats !== undefined && flags.database !== undefined && flags.redis !== undefined;
  const running: Partial<Endpoints> = isElsewhere
    ? {}
    : await runningEndpoints('--nats, --database and --redis');
  const natsUrl = flags.nats ?? (running.nats as string);
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closing.toReversed()) await each();
  };
  try {
    const log = await openLog(natsUrl);
    closing.push(() => log.close());
    const vault = await openVault({ nats: log.nats, masterKeys: await givenMasterKeys() });
    closing.push(() => vault.close());
    const quiet = { name: 'erasure', log: silent } as const;
    const database = connectPostgres(flags.database ?? (running.database as string), { ...quiet, max: 2 });
    closing.push(() => database.end());
    const schemas = await schemasOf(database);
    const redis = await connectRedis(flags.redis ?? (running.redis as string), quiet);
    closing.push(() => redis.disconnect());
    await within('Redis', redis.ping());
    const stores = storesOf(flags, running.nats === undefined ? undefined : homeDirectory());
    const states = (names: readonly string[]) => secretStates(log.jsm, names);
    const resources = {
      ...log,
      vault,
      secretStates: states,
      database,
      schemas,
      redis,
      stores,
      now: Date.now,
    };
    return { resources, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const silent = createLog('parley', 'silent');

/** Data directories that were named, or that the embedded stack of this home has. */
function storesOf(flags: StoreFlags, home: string | undefined): readonly Store[] {
  const named = { nats: flags.natsDir, postgres: flags.postgresDir, redis: flags.redisDir };
  return (['nats', 'postgres', 'redis'] as const).flatMap((name) => {
    const directory = named[name] ?? (home === undefined ? undefined : join(home, name));
    if (directory !== undefined && existsSync(directory)) return [{ name, directory }];
    if (named[name] === undefined) return [];
    throw new CliError(`there is no directory ${named[name]}`, exitCodes.noInput);
  });
}

/** Of all builds that have rows, or will have. */
async function schemasOf(database: VerifyResources['database']): Promise<readonly string[]> {
  const listed = await within('the database', listVersions(database));
  const schemas = listed.flatMap(({ version, state }) => (state === 'dropping' ? [] : [schemaOf(version)]));
  if (schemas.length === 0) throw new CliError('the database has no read model of Parley', exitCodes.noInput);
  return schemas;
}

/** What a server that does not answer makes of a verb. */
async function within<A>(server: string, answer: Promise<A>): Promise<A> {
  try {
    return await answer;
  } catch (error) {
    throw new CliError(`${server} does not answer: ${(error as Error).message}`, exitCodes.unavailable);
  }
}
