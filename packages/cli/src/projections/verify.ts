import { listVersions } from '@parley/infra/read-model/versions';
import { CannotVerify } from '@parley/projector/verify/at-one-place';
import type { Verification } from '@parley/projector/verify/verification';
import { type VerifyOptions, verifyVersion } from '@parley/projector/verify/verify-version';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { type DatabaseFlags, databaseOption, type OpenDatabase, withDatabase } from '../terminal/database.js';
import { type LogAccess, natsOption, openLog } from '../terminal/log-access.js';
import { partitionNumber } from '../terminal/partition-number.js';
import { createProgress, type Progress } from '../terminal/progress.js';
import { printVerification } from './print-verification.js';
import { versionNumber } from './version-number.js';

/** `parley projections verify`: whether the rows of a version are what the log says they are. */
export const verifyVerb = (): Command =>
  new Command('verify')
    .description(
      'Compare a version with another at the same place of the log, or its rows with the log itself.',
    )
    .argument('[version]', 'its number; else the newest that is not served, or the served one', versionNumber)
    .addOption(
      new Option('--against <version>', 'another version, or `log`; else the one that is served').argParser(
        opponent,
      ),
    )
    .addOption(
      new Option('--sample <n>', 'of the log: about so many conversations, the biggest and newest among them')
        .argParser(howMany)
        .conflicts('all'),
    )
    .option('--all', 'of the log: all conversations')
    .addOption(new Option('--partition <n>', 'this partition alone, from 0').argParser(partitionNumber))
    .addOption(natsOption())
    .addOption(databaseOption())
    .option('--json', 'print what was found as JSON, and no progress')
    .addHelpText('after', HELP)
    .action(verify);

const HELP = `
Two versions are compared row by row, in every table and column that both have; where they differ, the log is asked which one is right. Against the log the
rows that each conversation should have are made of its events anew: of a sample unless --all is said. The version that is served is not held up.

A version that is equal, or right in all that differs, is remembered as verified, which \`promote\` asks for. Ends with 2 where something is not as it should be.

Examples:
  $ parley projections verify 2
  $ parley projections verify --against log --all`;

/** Conversations of a sample, unless it is said. */
const SAMPLE = 200;

type Flags = DatabaseFlags & {
  readonly against?: number | 'log';
  readonly sample?: number;
  readonly all?: true;
  readonly partition?: number;
  readonly nats?: string;
  readonly json?: true;
};

async function verify(version: number | undefined, flags: Flags): Promise<void> {
  const log = await openLog(flags.nats);
  try {
    await withDatabase(flags, (database) => verifyAndPrint(log, database, version, flags));
  } finally {
    await log.close();
  }
}

async function verifyAndPrint(
  log: LogAccess,
  { pool, url }: OpenDatabase,
  named: number | undefined,
  flags: Flags,
): Promise<void> {
  const { partition, json } = flags;
  if (partition !== undefined && partition >= log.partitions)
    throw new CliError(`the log has the partitions 0 to ${log.partitions - 1}`, exitCodes.usage);
  const versions = await listVersions(pool);
  const served = versions.find(({ role }) => role === 'served')?.version;
  const besides = versions.filter(({ role, state }) => role !== 'served' && state !== 'dropping');
  const version = named ?? besides.at(-1)?.version ?? served;
  if (version === undefined) throw new CliError('there is no version of the read model', exitCodes.noInput);
  const against = flags.against ?? (served === undefined || served === version ? 'log' : served);
  if (against !== 'log' && (flags.sample !== undefined || flags.all))
    throw new CliError(
      '--sample and --all are for `--against log`: versions are compared as a whole',
      exitCodes.usage,
    );
  const progress = openProgress(json);
  const options: VerifyOptions = {
    against,
    conversations: flags.all ? 'all' : (flags.sample ?? SAMPLE),
    ...(partition !== undefined && { partition }),
    ...(json === undefined && { onProgress: progress }),
  };
  process.once('SIGINT', () => {
    progress.stop();
    process.stderr.write('broken off: nothing is said of what was not compared, and nothing is locked\n');
    process.exit(exitCodes.interrupted);
  });
  const verification = await verifyVersion({ ...log, databaseUrl: url }, version, options)
    .catch(throwAsCliError)
    .finally(progress.stop);
  if (json) process.stdout.write(`${JSON.stringify(verification)}\n`);
  else printVerification(verification);
  if (!isAsItShouldBe(verification)) process.exitCode = exitCodes.unhealthy;
}

const isAsItShouldBe = ({ verdict, objections }: Verification): boolean =>
  objections.length === 0 && (verdict === 'equal' || verdict === 'right');

function openProgress(json: true | undefined) {
  let shown: Progress | undefined;
  return {
    begin: (conversations: number) => {
      shown?.stop();
      shown = json ? undefined : createProgress(conversations, 'conversations');
    },
    step: () => shown?.step(),
    stop: () => {
      shown?.stop();
      shown = undefined;
    },
  };
}

export function throwAsCliError(error: unknown): never {
  if (error instanceof CannotVerify) throw new CliError(error.message, exitCodeOf[error.why]);
  throw error;
}

const exitCodeOf: Readonly<Record<CannotVerify['why'], ExitCode>> = {
  away: exitCodes.unavailable,
  held: exitCodes.busy,
  behind: exitCodes.failed,
};

const opponent = (text: string): number | 'log' => (text === 'log' ? 'log' : versionNumber(text));

function howMany(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number from 1 to 999999.');
}
