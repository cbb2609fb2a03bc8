import { requireVersion } from '@parley/infra/read-model/versions';
import { type Complaint, complaintsAbout } from '@parley/projector/status/health';
import {
  readStatus,
  readStatusTwice,
  type Status,
  type StatusResources,
} from '@parley/projector/status/read-status';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { natsOption, openLog } from '../terminal/log-access.js';
import { lookAgain } from '../terminal/look-again.js';
import { writeLine } from '../terminal/print.js';
import { statusText } from './status-text.js';
import { versionNumber } from './version-number.js';

/** `parley projections status`: how far each version of the read model is, and who works on it. */
export const statusVerb = (): Command =>
  new Command('status')
    .description(
      'Say for each version, projection and partition who works on it, how far it is, and what is wrong.',
    )
    .addOption(
      new Option('--version <n>', 'this version alone; it is then judged as if it were served').argParser(
        versionNumber,
      ),
    )
    .option('--watch', 'look again and again, until Ctrl-C')
    .addOption(
      new Option('--max-lag <seconds>', 'for how long a message may wait for the rows')
        .argParser(seconds)
        .default(10),
    )
    .addOption(natsOption())
    .addOption(databaseOption())
    .option('--json', 'print it as JSON; with --watch one line for each look')
    .addHelpText('after', HELP)
    .action(status);

const HELP = `
Lag counts messages of the log that are not in the rows, and for how long the first of them has waited; the rate is of two looks, a second apart or those of --watch.
Ends with 2 where the served version is not healthy: a partition that nobody works on, lag, conversations that stand still, or messages that are missing in the log.

Examples:
  $ parley projections status
  $ parley projections status --watch --max-lag 2`;

/** From one look to the next, in ms. */
const APART = 1_000;

type Flags = DatabaseFlags & {
  readonly version?: number;
  readonly watch?: true;
  readonly maxLag: number;
  readonly nats?: string;
  readonly json?: true;
};

async function status(flags: Flags): Promise<void> {
  const log = await openLog(flags.nats);
  try {
    await withDatabase(flags, async ({ pool }) => {
      if (flags.version !== undefined) await requireVersion(pool, flags.version);
      const resources = { jsm: log.jsm, partitions: log.partitions, database: pool };
      if (flags.watch) await watch(resources, flags);
      else await print(await readStatusTwice(resources, flags.version, APART), flags);
    });
  } finally {
    await log.close();
  }
}

/** Ends with the exit code of the last look. */
async function watch(resources: StatusResources, flags: Flags): Promise<void> {
  const { version } = flags;
  let before: Status | undefined;
  const look = async (): Promise<Status> => {
    before = await readStatus(resources, {
      ...(version !== undefined && { version }),
      ...(before && { before }),
    });
    return before;
  };
  await lookAgain(look, (now) => print(now, flags), flags);
}

/** False where nobody reads any more. */
function print(now: Status, { version, maxLag, json }: Flags): Promise<boolean> {
  const complaints = complaintsAbout(now, { lagSeconds: maxLag }, version !== undefined);
  process.exitCode = complaints.length === 0 ? exitCodes.done : exitCodes.unhealthy;
  return writeLine(process.stdout, json ? jsonOf(now, complaints) : statusText(now, complaints));
}

const jsonOf = ({ at, versions }: Status, complaints: readonly Complaint[]): string =>
  JSON.stringify({ at: new Date(at).toISOString(), healthy: complaints.length === 0, complaints, versions });

function seconds(text: string): number {
  if (/^\d{1,6}(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Seconds, such as 10 or 0.5.');
}
