import { isPastItsLife, withoutContent } from '@parley/domain/wire/past-its-life';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { type LogAccess, openLog } from '../replay/log-access.js';
import { type ReadOptions, type Replayed, readOneConversation, readPartition } from '../replay/read-log.js';
import { CliError } from '../terminal/cli-error.js';
import { conversationId } from '../terminal/conversation-id.js';
import { runningEndpoints } from '../terminal/endpoints.js';
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
    .addOption(new Option('--nats <url>', 'the broker; else that of the running stack').env('NATS_URL'))
    .addHelpText(
      'after',
      '\nOrder is that of the log within a partition; partitions follow one another.\n\nExample:\n  $ parley replay --conversation irc-2007-06-04-train-a | head -3',
    )
    .action(replay);

type ReplayFlags = {
  readonly conversation?: string;
  readonly partition?: number;
  readonly follow?: true;
  readonly nats?: string;
};

async function replay(flags: ReplayFlags): Promise<void> {
  const log = await openLog(flags.nats ?? (await runningEndpoints()).nats);
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
          const lines = batch.flatMap(lineOf);
          unreadable += batch.length - lines.length;
          written += lines.length;
          if (lines.length > 0 && !(await writeLine(process.stdout, lines.join('\n')))) stop.abort();
          if (stop.signal.aborted) return;
        }
      }),
    );
  } finally {
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

function lineOf({ place, event }: Replayed): readonly string[] {
  if (event._tag === 'Right')
    return [
      JSON.stringify(isPastItsLife(event.right, Date.now()) ? withoutContent(event.right) : event.right),
    ];
  process.stderr.write(`parley: ${place} cannot be read: ${event.left}\n`);
  return [];
}

function partitionNumber(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number from 0.');
}
