import type { EventType } from '@parley/domain/conversation/events';
import { type Command, InvalidArgumentError, Option } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { userId } from '../terminal/connection.js';
import { conversationId } from '../terminal/conversation-id.js';
import { instant } from '../terminal/instant.js';
import { natsOption } from '../terminal/log-access.js';
import { withOutputFlags } from '../terminal/output.js';
import { partitionNumber } from '../terminal/partition-number.js';
import { formats } from './formats/open-sink.js';
import { type Position, parsePosition } from './position.js';
import { eventTypes, typesLike } from './selection.js';

/**
 * Adds what says which events are meant: `selectionOf` reads it. Each may be given several times.
 *
 * @param several `...` where several values may also follow one another: not in a verb that has arguments, which would be among them
 */
export const withSelectionFlags = (command: Command, several: '...' | ''): Command =>
  command
    .addOption(
      new Option(`--conversation <id${several}>`, 'of these conversations alone')
        .argParser(each(conversationId))
        .conflicts('partition'),
    )
    .option(`--partition <n${several}>`, 'of these partitions alone, from 0', each(partitionNumber))
    .option(`--type <name${several}>`, "of these types alone, such as message.sent, or 'message.*'", types)
    .option(`--actor <user${several}>`, 'of what these did alone', each(userId))
    .option('--since <time>', 'that were logged then or later', time)
    .option('--until <time>', 'that were logged before; a date is its beginning', time);

/** Adds what a replay can be told. */
export const withReplayFlags = (command: Command): Command =>
  withOutputFlags(
    withSelectionFlags(command, '...')
      .option('--from-seq <seq>', 'from this seq of the conversations on', seq)
      .option('--to-seq <seq>', 'up to this one', seq)
      .option('--after <position>', 'behind this position, which an earlier replay has printed', position)
      .option('--up-to <position>', 'up to this position', position)
      .addOption(new Option('--merge <by>', "merged over partitions by the events' time").choices(['time']))
      .option(
        '--speed <factor>',
        'as they happened, such as 1x, or 10x for ten times as fast; implies --merge time',
        speed,
      )
      .addOption(
        new Option('--follow', 'go on with what comes, until Ctrl-C').conflicts(['until', 'toSeq', 'upTo']),
      )
      .addOption(new Option('--format <format>', 'what to write').choices(formats).default('ndjson'))
      .option('--open-bodies', 'what is sealed opened, as members get it, by the master keys of the vault')
      .option('--strict', 'end at the first event that cannot be read, instead of naming it and going on')
      .addOption(
        new Option(
          '--position-file <file>',
          'go on behind the position in this file, and keep it there',
        ).conflicts('after'),
      ),
  )
    .option('--json', 'say at the end what was done as JSON, on standard error')
    .addOption(natsOption())
    .addHelpText('after', HELP);

const HELP = `
Order is that of the log within a partition, always. Partitions follow one another; with --merge time they are merged by the time of
the events, and where clocks disagreed a partition keeps its own order. What comes while --follow waits is written as it comes.

Times are ISO 8601 (UTC unless they say otherwise), dates, or how long ago: 90s, 30m, 2h, 7d, 1w. They are compared with the time at
which the server logged an event. --since before the log's beginning means from its beginning.

At the end, and at Ctrl-C, standard error names the position: --after goes on exactly there, with the same flags. With --position-file
it is kept in a file, which the next run reads. Together with --out the file of events then grows, and another run goes on in it, after
whatever ended this one; without --position-file a file is there when it is whole. Formats and positions: docs/replay.md.

With --speed a pause is 10 seconds at most. What is past its life is never written, opened or sealed. An event that nobody can read is
named on standard error, and the replay ends with 65.

Examples:
  $ parley replay --conversation irc-2007-06-04-train-a | head -3
  $ parley replay --type 'message.*' --since 7d --format csv --out messages.csv
  $ parley replay --follow --position-file here.json --out events.ndjson
  $ parley replay --format parquet --out events.parquet`;

/** Of a flag that may be given several values, several times. */
const each =
  <A>(parse: (text: string) => A) =>
  (text: string, before: readonly A[] = []): readonly A[] => [...before, parse(text)];

function types(text: string, before: readonly EventType[] = []): readonly EventType[] {
  const meant = typesLike(text);
  if (meant.length > 0) return [...before, ...meant];
  throw new InvalidArgumentError(`There is no such type; there are ${eventTypes.join(', ')}.`);
}

/** Not `instant` itself: commander gives a second argument. */
const time = (text: string): number => instant(text);

function seq(text: string): number {
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= 1 && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('A whole number from 1.');
}

function speed(text: string): number {
  const factor = Number(/^(\d{1,6}(?:\.\d{1,3})?)x?$/.exec(text)?.[1]);
  if (factor > 0) return factor;
  throw new InvalidArgumentError('How many times as fast, such as 10x, or 0.5x.');
}

function position(text: string): Position {
  const parsed = parsePosition(text);
  if (E.isRight(parsed)) return parsed.right;
  throw new InvalidArgumentError(parsed.left);
}
