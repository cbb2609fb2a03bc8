import { requireVersion, type Version } from '@parley/infra/read-model/versions';
import { connectRedis } from '@parley/infra/runtime/connect-redis';
import { createLog } from '@parley/infra/runtime/log';
import { RebuildHeld } from '@parley/projector/rebuild/hold';
import { dropVersion, StillRead } from '@parley/projector/versions/drop-version';
import { Command, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { confirm } from '../terminal/confirm.js';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { runningEndpoints } from '../terminal/endpoints.js';
import { versionNumber } from './version-number.js';

/** `parley projections drop`: a build and what was cached of it. */
export const dropVerb = (): Command =>
  new Command('drop')
    .description('Drop a version of the read model that is not served, its rows and what was cached of it.')
    .argument('<version>', 'its number', versionNumber)
    .option('--yes', 'do it without asking')
    .addOption(databaseOption())
    .addOption(
      new Option('--redis <url>', 'what was cached; else that of the running stack').env('REDIS_URL'),
    )
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', HELP)
    .action(drop);

const HELP = `
The version that is served is refused. Of the one that was served before it asks: without it there is no rollback, and query processes of an
older release that do not know the newer model have nothing left to read. Projectors let go of it first. A drop that ended early goes on
with the same command. The log has everything: \`parley projections rebuild\` makes another version of it.

Example:
  $ parley projections drop 1`;

type Flags = DatabaseFlags & { readonly redis?: string; readonly yes?: true; readonly json?: true };

const drop = (version: number, { redis: redisUrl, yes, json, ...flags }: Flags): Promise<void> =>
  withDatabase(flags, async ({ pool, url }) => {
    const found = await requireVersion(pool, version);
    if (!yes && found.role !== 'served') await confirm(questionOf(found));
    const redis = await openRedis(flags, redisUrl);
    try {
      const onWait = (what: string) => void (json || process.stderr.write(`waiting until ${what}\n`));
      await dropVersion({ database: pool, databaseUrl: url, redis, onWait }, version);
    } catch (error) {
      if (error instanceof RebuildHeld || error instanceof StillRead)
        throw new CliError(error.message, exitCodes.busy);
      throw error;
    } finally {
      redis.disconnect();
    }
    process.stdout.write(
      json ? `${JSON.stringify({ dropped: version })}\n` : `version ${version} is dropped\n`,
    );
  });

const questionOf = ({ version, role }: Version): string =>
  role === 'previous'
    ? `Drop version ${version}, which a rollback would go back to?`
    : `Drop version ${version}?`;

/** @throws CliError when Redis does not answer: what was cached would stay for ever */
async function openRedis({ database }: DatabaseFlags, url: string | undefined) {
  if (url === undefined && database !== undefined)
    throw new CliError(
      '--database needs --redis, or REDIS_URL: what was cached of the version is there',
      exitCodes.usage,
    );
  const at = url ?? (await runningEndpoints('--redis')).redis;
  const redis = await connectRedis(at, {
    name: 'parley',
    log: createLog('parley', 'silent'),
    commandTimeoutMs: 10_000,
  });
  if (redis.status === 'ready') return redis;
  redis.disconnect();
  throw new CliError(`no Redis answers at ${new URL(at).host}`, exitCodes.unavailable);
}
