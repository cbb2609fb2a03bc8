import type { Envelope } from '@parley/domain/log/envelope';
import { closedIn } from '@parley/domain/sealing/closed';
import { liveEvent } from '@parley/domain/wire/live';
import { isPastItsLife, withoutContent } from '@parley/domain/wire/past-its-life';
import { openEach } from '@parley/infra/vault/open-each';
import { openVault } from '@parley/infra/vault/open-vault';
import type { Vault } from '@parley/infra/vault/vault';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { type ReadOptions, type Replayed, readOneConversation, readPartition } from '../replay/read-log.js';
import { CliError } from '../terminal/cli-error.js';
import { conversationId } from '../terminal/conversation-id.js';
import { runningEndpoints } from '../terminal/endpoints.js';
import { type LogAccess, natsOption, openLog } from '../terminal/log-access.js';
import { givenMasterKeys } from '../terminal/master-keys.js';
import { writeLine } from '../terminal/print.js';

/** `parley replay`: the log as NDJSON, one event a line, in its newest form. */
export const replayVerb = (): Command =>
  new Command('replay')
    .description('Write events of the log as NDJSON: of a conversation, of a partition, or all.')
    .addOption(
      new Option('--conversation <id>', 'of this conversation alone')
        .argParser(conversationId)
        .conflicts('partition'),
    )
    .addOption(new Option('--partition <n>', 'of this partition alone, from 0').argParser(partitionNumber))
    .option('--follow', 'go on with what comes, until Ctrl-C')
    .option('--open', 'what is sealed in them opened, as members get it, by the master keys of the vault')
    .addOption(natsOption())
    .addHelpText(
      'after',
      '\nOrder is that of the log within a partition; partitions follow one another.\n\nExample:\n  $ parley replay --conversation irc-2007-06-04-train-a | head -3',
    )
    .action(replay);

type ReplayFlags = {
  readonly conversation?: string;
  readonly partition?: number;
  readonly follow?: true;
  readonly open?: true;
  readonly nats?: string;
};

async function replay(flags: ReplayFlags): Promise<void> {
  const masterKeys = flags.open ? await givenMasterKeys() : undefined;
  const log = await openLog(flags.nats ?? (await runningEndpoints()).nats);
  const vault = masterKeys && (await openVault({ nats: log.nats, masterKeys }));
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  process.stdout.once('close', () => stop.abort());
  let unreadable = 0;
  let written = 0;
  try {
    await Promise.all(
      readings(log, flags, { follow: flags.follow ?? false, signal: stop.signal }).map(async (reading) => {
        for await (const batch of reading) {
          const lines = (await readable(batch, vault)).map((event) => JSON.stringify(event));
          unreadable += batch.length - lines.length;
          written += lines.length;
          if (lines.length > 0 && !(await writeLine(process.stdout, lines.join('\n')))) stop.abort();
          if (stop.signal.aborted) return;
        }
      }),
    );
  } finally {
    await vault?.close();
    await log.close();
  }
  if (unreadable > 0)
    throw new CliError(`${unreadable} events could not be read; they are named above`, exitCodes.badData);
  if (flags.conversation !== undefined && written === 0 && !flags.follow) {
    throw new CliError(`there is no conversation ${flags.conversation} in the log`, exitCodes.noInput);
  }
}

/** What to read, each in its own order. Everything is read partition after partition, unless it is followed. */
function readings(log: LogAccess, { conversation, partition }: ReplayFlags, options: ReadOptions) {
  if (conversation !== undefined) return [readOneConversation(log, conversation, options)];
  if (partition !== undefined && partition >= log.partitions) {
    throw new CliError(`the log has the partitions 0 to ${log.partitions - 1}`, exitCodes.usage);
  }
  const all = partition === undefined ? Array.from({ length: log.partitions }, (_, n) => n) : [partition];
  return options.follow ? all.map((n) => readPartition(log, n, options)) : [oneByOne(log, all, options)];
}

async function* oneByOne(log: LogAccess, partitions: readonly number[], options: ReadOptions) {
  for (const partition of partitions) {
    if (!options.signal.aborted) yield* readPartition(log, partition, options);
  }
}

/** Events that can be read, without what may not be told any more; the others are named. With a vault they are opened. */
async function readable(batch: readonly Replayed[], vault: Vault | undefined): Promise<readonly object[]> {
  const events = batch.flatMap(({ place, event }) => {
    if (event._tag === 'Right') return [event.right];
    process.stderr.write(`parley: ${place} cannot be read: ${event.left}\n`);
    return [];
  });
  const now = Date.now();
  const isTold = (event: Envelope): boolean => !isPastItsLife(event, now);
  if (vault === undefined) return events.map((event) => (isTold(event) ? event : withoutContent(event)));
  const opened = await openEach(
    vault,
    events.map((event) => (isTold(event) ? closedIn(event) : undefined)),
  );
  return events.map((event, index) =>
    isTold(event) ? { ...event, data: liveEvent(event, opened[index]).data } : withoutContent(event),
  );
}

function partitionNumber(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number from 0.');
}
