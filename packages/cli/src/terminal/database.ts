import { connectPostgres } from '@parley/infra/runtime/connect-postgres';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import { createLog } from '@parley/infra/runtime/log';
import { Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';
import { runningEndpoints } from './endpoints.js';

/** Which database has the read model. */
export type DatabaseFlags = { readonly database?: string };

/** The flag of every verb that looks at rows. */
export const databaseOption = (): Option =>
  new Option('--database <url>', 'the read model; else that of the running stack').env('DATABASE_URL');

export type OpenDatabase = {
  readonly pool: ReturnType<typeof connectPostgres>;
  /** For what needs sessions of its own. */
  readonly url: string;
};

/**
 * Runs something on the database of the builds of the read model. Statements take as long as they take: what reads everything does.
 *
 * @throws CliError when Postgres does not answer, also later on, or it has no read model of this release
 */
export async function withDatabase<A>(
  flags: DatabaseFlags,
  run: (database: OpenDatabase) => Promise<A>,
): Promise<A> {
  const url = flags.database ?? (await runningEndpoints('--database')).database;
  const at = new URL(url).host;
  const pool = connectPostgres(url, {
    name: 'parley',
    log: createLog('parley', 'silent'),
    statementTimeoutMs: 0,
  });
  try {
    const { rows } = await pool.query<{ there: boolean }>(
      `select to_regclass('parley.version') is not null as there`,
    );
    if (rows[0]?.there !== true)
      throw new CliError(
        `the database at ${at} has no read model of this release: a projector makes one when it starts`,
        exitCodes.noInput,
      );
    return await run({ pool, url });
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    throw new CliError(
      `the database at ${at} does not answer: ${(error as Error).message}`,
      exitCodes.unavailable,
    );
  } finally {
    await pool.end();
  }
}
