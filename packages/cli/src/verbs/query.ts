import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { ask } from '../query/ask.js';
import { type Database, defaultMemory } from '../query/database.js';
import { type DuckDb, loadDuckDb } from '../query/duckdb.js';
import { explainDuckDb } from '../query/duckdb-error.js';
import { exportedFiles } from '../query/exported.js';
import { readQuestion } from '../query/question.js';
import { type Asking, sourceOfCache, sourceOfFiles, sourceOfLog } from '../query/source.js';
import { countUnreadable } from '../query/unreadable.js';
import { writeCsv, writeJson, writeTable } from '../query/write-answer.js';
import { withSelectionFlags } from '../replay/flags.js';
import { type SelectionFlags, selectionOf } from '../replay/plan.js';
import { CliError } from '../terminal/cli-error.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { natsOption, openLog } from '../terminal/log-access.js';
import { givenMasterKeys } from '../terminal/master-keys.js';
import { type OutputFlags, withOutput, withOutputFlags } from '../terminal/output.js';
import { grouped } from '../terminal/print.js';
import { createProgress } from '../terminal/progress.js';

/** `parley query`: questions to the log in SQL. */
export const queryVerb = (): Command =>
  withOutputFlags(
    withSelectionFlags(new Command('query'), '')
      .description('Ask the log, or what was exported of it, in SQL as DuckDB has it.')
      .argument('[sql]', 'the question; else that of --file, or of standard input')
      .option('--file <file>', 'the question is in this file')
      .addOption(
        new Option(
          '--from <file>',
          'ask a file that `parley replay` wrote (.ndjson, .csv, .parquet), or several',
        )
          .argParser((path, before: readonly string[] = []) => [...before, path])
          .conflicts(['conversation', 'partition', 'type', 'actor', 'since', 'until']),
      )
      .addOption(
        new Option('--open-bodies', 'bodies and titles opened, by the master keys of the vault').conflicts([
          'from',
          'cache',
        ]),
      )
      .addOption(
        new Option(
          '--cache <file>',
          'keep what is loaded in this file, and load what is new alone the next time',
        ).conflicts(['from', 'conversation', 'partition', 'type', 'actor', 'since', 'until']),
      )
      .addOption(new Option('--json', 'print a JSON object a row').conflicts('csv'))
      .option('--csv', 'print CSV with a line of names')
      .addOption(new Option('--rows <n>', 'rows of the table for people').argParser(wholeNumber).default(50))
      .addOption(
        new Option('--memory <size>', 'most memory, such as 8GB').argParser(size).default(defaultMemory()),
      )
      .option('--skip-unreadable', 'end well also where events could not be read')
      .addOption(natsOption()),
  )
    .addHelpText('after', HELP)
    .action(query);

const HELP = `
Tables: events, messages, members, reactions, conversations, unreadable. "show tables" and "describe messages" say
what they have; docs/analysis.md has questions and their answers. Bodies are sealed without --open-bodies.
A question only reads; it reaches no file and no network.

Examples:
  $ parley query "select type, count(*) from events group by 1 order by 2 desc"
  $ parley query "select hour(sent_at) as hour, count(*) from messages group by 1 order by 1" --csv --out hours.csv
  $ parley query --open-bodies --conversation team "select author, text from messages where text ilike '%deploy%'"
  $ parley replay --format parquet --out log.parquet && parley query --from log.parquet "summarize events"`;

type QueryFlags = OutputFlags &
  SelectionFlags & {
    readonly file?: string;
    readonly from?: readonly string[];
    readonly openBodies?: true;
    readonly cache?: string;
    readonly json?: true;
    readonly csv?: true;
    readonly rows: number;
    readonly memory: string;
    readonly skipUnreadable?: true;
    readonly nats?: string;
  };

async function query(sql: string | undefined, flags: QueryFlags): Promise<void> {
  const question = await readQuestion(sql, flags.file);
  const duckdb = await loadDuckDb();
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  const isQuiet = flags.json === true || flags.csv === true;
  const progress = isQuiet ? () => undefined : (total: number) => createProgress(total, 'events');
  try {
    using database = await openSource({ duckdb, question, memory: flags.memory, signal, progress }, flags);
    await answer(duckdb, database, question, flags, signal);
    const unreadable = await countUnreadable(database.connection, say);
    if (unreadable > 0 && flags.skipUnreadable !== true)
      throw new CliError(
        `${grouped(unreadable)} events could not be read and are not in the answer; --skip-unreadable ends well all the same`,
        exitCodes.badData,
      );
  } catch (error) {
    explainDuckDb(error);
  }
}

async function openSource(asking: Asking, flags: QueryFlags): Promise<Database> {
  if (flags.from !== undefined) return sourceOfFiles(asking, await exportedFiles(flags.from));
  const selection = selectionOf(flags);
  const masterKeys = flags.openBodies ? await givenMasterKeys() : undefined;
  const log = await openLog(flags.nats);
  try {
    return flags.cache === undefined
      ? await sourceOfLog(asking, log, selection, masterKeys)
      : await sourceOfCache(asking, log, flags.cache, say);
  } finally {
    await log.close();
  }
}

async function answer(
  duckdb: DuckDb,
  { connection }: Database,
  question: string,
  flags: QueryFlags,
  signal: AbortSignal,
): Promise<void> {
  await withOutput(flags, async (output) => {
    const rows = await ask(duckdb, connection, question, signal);
    if (flags.json) return void (await writeJson(duckdb, rows, output));
    if (flags.csv) return void (await writeCsv(duckdb, rows, output));
    const { hasMore } = await writeTable(duckdb, rows, output, { rows: flags.rows, width: WIDTH });
    if (hasMore) say(`there are more rows: --rows shows more than ${flags.rows}, --csv and --json all`);
  });
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Characters of a value in a table. */
const WIDTH = 60;

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number from 0.');
}

function size(text: string): string {
  if (/^\d+(\.\d+)?\s*[KMGT]i?B$/i.test(text)) return text;
  throw new InvalidArgumentError('A size such as 500MB or 8GB.');
}
