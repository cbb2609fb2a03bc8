import { availableParallelism, constants, setPriority } from 'node:os';
import type { ProjectionName } from '@parley/projector/checkpoint';
import { NoRoom } from '@parley/projector/rebuild/away';
import { TablesDiffer } from '@parley/projector/rebuild/copy-projection';
import { RebuildHeld } from '@parley/projector/rebuild/hold';
import { evenPace, unpaced } from '@parley/projector/rebuild/pace';
import { rebuild } from '@parley/projector/rebuild/rebuild';
import type { Rebuilt } from '@parley/projector/rebuild/report';
import { projectionNames } from '@parley/projector/rebuild/shares';
import { LogTooShort } from '@parley/projector/run-share';
import { Command, InvalidArgumentError } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { type DatabaseFlags, databaseOption, type OpenDatabase, withDatabase } from '../terminal/database.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { type LogAccess, natsOption, openLog } from '../terminal/log-access.js';
import { printRebuilt } from './print-rebuilt.js';
import { showRebuild } from './show-rebuild.js';
import { verifyAndPromote } from './verify-and-promote.js';

/** `parley projections rebuild`: the next version of the read model, beside the one that is served. */
export const rebuildVerb = (): Command =>
  new Command('rebuild')
    .description('Build the next version of the read model from the log, beside the one that is served.')
    .argument(
      '[name...]',
      `which projections, of ${projectionNames.join(' and ')}; the others are copied (default: all)`,
    )
    .option(
      '--throttle <events/s>',
      'load at most so many events a second, so that what is live keeps its time',
      rate,
    )
    .option('--promote', 'then verify it, and serve it if its rows are what the log says')
    .addOption(natsOption())
    .addOption(databaseOption())
    .option('--json', 'print the result as JSON, and no progress')
    .addHelpText('after', HELP)
    .action(run);

const HELP = `
What is served stays as it is, and is served on. A rebuild that ended anywhere, by Ctrl-C or by force, goes on where it was: give the same
command again. One at a time in a database. Without --throttle it takes all of this machine that it can get.

When the log is loaded and the indexes are made, projectors keep the new version at the end of the log; look at it by
\`parley projections verify\`, and serve it by \`parley projections promote\`.

Examples:
  $ parley projections rebuild
  $ parley projections rebuild --throttle 5000 --promote
  $ parley projections rebuild receipts`;

type Flags = DatabaseFlags & {
  readonly throttle?: number;
  readonly promote?: true;
  readonly nats?: string;
  readonly json?: true;
};

async function run(names: readonly string[], { nats, ...flags }: Flags): Promise<void> {
  const wanted = requireNames(names);
  const log = await openLog(nats);
  using interrupt = onInterrupt();
  try {
    await withDatabase(flags, (database) => rebuildAndPrint(log, database, wanted, flags, interrupt.signal));
  } catch (error) {
    throw interrupt.signal.aborted ? stopped : explained(error);
  } finally {
    await log.close();
  }
}

async function rebuildAndPrint(
  log: LogAccess,
  database: OpenDatabase,
  names: readonly ProjectionName[],
  { throttle, promote, json }: Flags,
  signal: AbortSignal,
): Promise<void> {
  // Where Postgres and the broker are on this machine too, what serves people goes first.
  if (throttle !== undefined) setPriority(constants.priority.PRIORITY_LOW);
  const shown = json ? undefined : showRebuild();
  const options = {
    ...log,
    database: database.pool,
    databaseUrl: database.url,
    ...(names.length > 0 && { names }),
    pace: throttle === undefined ? unpaced : evenPace(throttle),
    atOnce: availableParallelism(),
    onReport: shown?.report ?? (() => undefined),
  };
  const rebuilt = await rebuild(options, signal).finally(() => shown?.stop());
  if (!json) printRebuilt(rebuilt, promote === true);
  const promoted = promote
    ? await verifyAndPromote(log, database, rebuilt.version, { json, signal })
    : undefined;
  if (json) process.stdout.write(`${JSON.stringify({ ...rebuilt, ...promoted })}\n`);
  if (!isWhole(rebuilt) || promoted?.isPromoted === false) process.exitCode = exitCodes.unhealthy;
}

/** Whether the log gave all that was ever in it. */
const isWhole = ({ parked, missing, incomplete }: Rebuilt): boolean =>
  parked + missing + incomplete.count === 0;

const stopped = new CliError(
  'stopped: what was loaded is kept, and the same command goes on with it',
  exitCodes.interrupted,
);

function explained(error: unknown): unknown {
  if (error instanceof RebuildHeld) return new CliError(error.message, exitCodes.busy);
  if (error instanceof NoRoom)
    return new CliError(`${error.message} by \`parley projections drop\``, exitCodes.failed);
  if (error instanceof TablesDiffer || error instanceof LogTooShort)
    return new CliError(error.message, exitCodes.failed);
  return error;
}

function requireNames(names: readonly string[]): readonly ProjectionName[] {
  const unknown = names.filter((name) => !(projectionNames as readonly string[]).includes(name));
  if (unknown.length === 0) return [...new Set(names)] as ProjectionName[];
  throw new CliError(
    `there is no projection ${unknown.join(', ')}; there are ${projectionNames.join(' and ')}`,
    exitCodes.usage,
  );
}

function rate(text: string): number {
  const value = Number(text.replaceAll(/[_,]/g, ''));
  if (Number.isInteger(value) && value >= 1 && value <= 10_000_000) return value;
  throw new InvalidArgumentError('Events a second, a whole number such as 5000.');
}
