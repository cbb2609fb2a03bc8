import { streamName } from '@parley/infra/log/subjects';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { listVersions, requireVersion } from '@parley/infra/read-model/versions';
import { auditPartition, type PartitionAudit, readingsOf } from '@parley/projector/audit/audit-partition';
import { readLive } from '@parley/projector/audit/read-live';
import { Command, Option } from 'commander';
import { printAudit, sameEverywhere } from '../audit/print-audit.js';
import { exitCodes } from '../exit-codes.js';
import { versionNumber } from '../projections/version-number.js';
import { CliError } from '../terminal/cli-error.js';
import { type DatabaseFlags, databaseOption, type OpenDatabase, withDatabase } from '../terminal/database.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { type LogAccess, natsOption, openLog } from '../terminal/log-access.js';
import { partitionNumber } from '../terminal/partition-number.js';
import { createProgress } from '../terminal/progress.js';

/** `parley audit`: whether the log says the same each time it is replayed, and what the rows say. */
export const auditVerb = (): Command =>
  new Command('audit')
    .description(
      'Replay the log twice, and against the digest of what is served: equal, or where it first is not.',
    )
    .addOption(new Option('--partition <n>', 'this partition alone, from 0').argParser(partitionNumber))
    .addOption(
      new Option('--version <n>', 'against this version of the read model; else the served one').argParser(
        versionNumber,
      ),
    )
    .option('--log-only', 'replay twice, and compare with no rows: needs no database')
    .addOption(natsOption())
    .addOption(databaseOption())
    .option('--json', 'print what was found as JSON, and no progress')
    .addHelpText('after', HELP)
    .action(audit);

const HELP = `
Each event is decoded, brought to its newest form and folded into its conversation, twice; then the sum of all events up to where the rows are is compared with the digest that the projector kept while it
folded them. Events of parked conversations and dropped ones are left out, as the rows leave them out. What rows say in detail: \`parley projections verify --against log\`.
Ends with 2 when something is not equal. Reads only.

Example:
  $ parley audit`;

type Flags = DatabaseFlags & {
  readonly partition?: number;
  readonly version?: number;
  readonly logOnly?: true;
  readonly nats?: string;
  readonly json?: true;
};

async function audit(flags: Flags): Promise<void> {
  const log = await openLog(flags.nats);
  try {
    if (flags.logOnly) await auditAll(log, flags);
    else await withDatabase(flags, (database) => auditAll(log, flags, database));
  } finally {
    await log.close();
  }
}

async function auditAll(log: LogAccess, flags: Flags, database?: OpenDatabase): Promise<void> {
  const { partition, json } = flags;
  if (partition !== undefined && partition >= log.partitions)
    throw new CliError(`the log has the partitions 0 to ${log.partitions - 1}`, exitCodes.usage);
  const partitions =
    partition === undefined ? Array.from({ length: log.partitions }, (_, n) => n) : [partition];
  const schema = database && (await schemaToCompare(database, flags.version));
  using interrupt = onInterrupt();
  const progress = json ? undefined : createProgress(await messagesToRead(log, partitions), 'messages');
  const audits: PartitionAudit[] = [];
  try {
    for (const each of partitions) {
      const live = database && schema && (await readLive(database.pool, schema, each));
      audits.push(
        await auditPartition(log, each, {
          signal: interrupt.signal,
          ...(progress && { onRead: progress.step }),
          ...(live && { live }),
        }),
      );
      if (interrupt.signal.aborted)
        throw new CliError('broken off: nothing is said of what was not read', exitCodes.interrupted);
    }
  } finally {
    progress?.stop();
  }
  if (json)
    process.stdout.write(
      `${JSON.stringify({ against: schema, equal: sameEverywhere(audits), partitions: audits })}\n`,
    );
  else printAudit(audits, schema);
  if (!sameEverywhere(audits)) process.exitCode = exitCodes.unhealthy;
}

async function schemaToCompare({ pool }: OpenDatabase, wanted: number | undefined): Promise<string> {
  if (wanted !== undefined) return schemaOf((await requireVersion(pool, wanted)).version);
  const served = (await listVersions(pool)).find(({ role }) => role === 'served');
  if (served === undefined)
    throw new CliError(
      'no version of the read model is served: say --version, or --log-only',
      exitCodes.noInput,
    );
  return schemaOf(served.version);
}

async function messagesToRead(log: LogAccess, partitions: readonly number[]): Promise<number> {
  const each = partitions.map(async (partition) => {
    const { state } = await log.jsm.streams.info(streamName(partition));
    return state.messages * (await readingsOf(log, partition));
  });
  return (await Promise.all(each)).reduce((sum, messages) => sum + messages, 0);
}
