import { inspectLog, type LogFacts, type StreamFacts } from '@parley/infra/log/inspection/inspect-log';
import { Command, InvalidArgumentError, Option } from 'commander';
import { natsOption, openLog } from '../terminal/log-access.js';
import { bytesOf, grouped, minuteOf, paints } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';

/** `parley log inspect`: what the log consists of. */
export const inspectVerb = (): Command =>
  new Command('inspect')
    .description(
      'Say what the log consists of: streams, sizes, events by partition, the biggest conversations.',
    )
    .addOption(
      new Option('--top <n>', 'how many of the biggest conversations are named').argParser(top).default(10),
    )
    .addOption(natsOption())
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Asks the broker and reads no event; \`parley log verify\` reads them all. "Taken out" are events that erasures removed one by one.

Example:
  $ parley log inspect --top 3`,
    )
    .action(inspect);

type Flags = { readonly top: number; readonly nats?: string; readonly json?: true };

async function inspect({ top: most, nats, json }: Flags): Promise<void> {
  const log = await openLog(nats);
  try {
    const facts = await inspectLog(log, { most });
    if (json) process.stdout.write(`${JSON.stringify(facts)}\n`);
    else print(facts);
  } finally {
    await log.close();
  }
}

function print({ partitions, conversations, receipts, accounts, others, biggest }: LogFacts): void {
  const { bold, yellow } = paints(process.stdout);
  const rows = conversations.map((each) => rowOf(each, grouped(each.subjects)));
  if (partitions > 1)
    rows.push(rowOf(sumOf('together', conversations), grouped(sum(conversations, 'subjects'))));
  rows.push(rowOf(sumOf('receipts', receipts), ''), rowOf(sumOf('accounts', accounts), ''));
  rows.push(...others.map((each) => rowOf(each, '')));
  process.stdout.write(`${tableOf(STREAM_COLUMNS, rows)}\n`);
  if (biggest.length > 0) {
    const named = biggest.map(({ conversationId, partition, events }) => [
      conversationId,
      partition,
      grouped(events),
    ]);
    process.stdout.write(`${tableOf(BIGGEST_COLUMNS, named)}\n`);
  } else if (sum(conversations, 'messages') === 0) process.stdout.write('no conversation yet\n');

  for (const { stream, first } of conversations.filter((each) => each.messages > 0 && each.first > 1))
    process.stdout.write(
      yellow(
        `${stream} begins at ${grouped(first)}: \`parley log verify\` says which conversations lack their beginning\n`,
      ),
    );
  for (const { stream, current, replicas } of [...conversations, ...receipts, ...accounts, ...others])
    if (current < replicas)
      process.stdout.write(
        yellow(`${stream} has ${bold(String(current))} of ${replicas} copies up to date\n`),
      );
}

const STREAM_COLUMNS = [
  'stream',
  number('conversations'),
  number('events'),
  number('size'),
  number('taken out'),
  'oldest',
  'newest',
];
const BIGGEST_COLUMNS = ['biggest conversations', number('partition'), number('events')];

const rowOf = (facts: StreamFacts, conversations: string): string[] => [
  facts.stream,
  conversations,
  grouped(facts.messages),
  bytesOf(facts.bytes),
  grouped(facts.takenOut),
  facts.oldestAt === undefined ? '' : minuteOf(facts.oldestAt),
  facts.newestAt === undefined ? '' : minuteOf(facts.newestAt),
];

const sum = (some: readonly StreamFacts[], of: 'messages' | 'bytes' | 'takenOut' | 'subjects'): number =>
  some.reduce((total, facts) => total + facts[of], 0);

function sumOf(stream: string, some: readonly StreamFacts[]): StreamFacts {
  const times = (of: 'oldestAt' | 'newestAt') => some.flatMap((facts) => facts[of] ?? []);
  const [oldest, newest] = [times('oldestAt'), times('newestAt')];
  return {
    ...(some[0] as StreamFacts),
    stream,
    messages: sum(some, 'messages'),
    bytes: sum(some, 'bytes'),
    takenOut: sum(some, 'takenOut'),
    subjects: sum(some, 'subjects'),
    oldestAt: oldest.length === 0 ? undefined : Math.min(...oldest),
    newestAt: newest.length === 0 ? undefined : Math.max(...newest),
  };
}

function top(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number from 0 to 9999.');
}
