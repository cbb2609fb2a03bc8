import { type Letter, listLetters } from '@parley/projector/parked/letters';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { grouped, writeLine } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';
import { ageOf } from './age.js';
import { type VersionFlags, versionOf, versionOption } from './of-version.js';

/** `parley dead-letters list`: what a build could not take. */
export const listVerb = (): Command =>
  new Command('list')
    .description('List the events that could not be taken, oldest first, and what waits behind them.')
    .addOption(versionOption())
    .addOption(new Option('--limit <n>', 'so many at most').argParser(limit).default(DEFAULT_LIMIT))
    .addOption(databaseOption())
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      '\nEnds with 2 where there are any.\n\nExample:\n  $ parley dead-letters list --version 2',
    )
    .action(list);

const DEFAULT_LIMIT = 1_000;

type Flags = DatabaseFlags & VersionFlags & { readonly limit: number; readonly json?: true };

const list = (flags: Flags): Promise<void> =>
  withDatabase(flags, async ({ pool }) => {
    const version = await versionOf(pool, flags);
    const found = await listLetters(pool, version, { most: flags.limit + 1 });
    const letters = found.slice(0, flags.limit);
    if (letters.length > 0) process.exitCode = exitCodes.unhealthy;
    if (flags.json) {
      for (const { payload: _, ...letter } of letters)
        if (!(await writeLine(process.stdout, JSON.stringify(letter)))) return;
    } else if (letters.length === 0)
      await writeLine(process.stdout, `version ${version} could take everything`);
    else await writeLine(process.stdout, tableOf(columns, letters.map(row)));
    if (found.length > letters.length)
      process.stderr.write(
        `there are more: --limit ${grouped(10 * flags.limit).replaceAll(',', '')} shows more\n`,
      );
  });

const columns = ['letter', 'conversation', number('waiting'), 'since', 'why'];

const row = ({ id, conversationId, waiting, parkedAt, error }: Letter): readonly string[] => [
  id,
  conversationId,
  waiting === undefined ? '-' : grouped(waiting),
  ageOf(parkedAt),
  error.length > MOST_OF_ERROR ? `${error.slice(0, MOST_OF_ERROR - 1)}…` : error,
];

/** Characters of a reason in a table; `show` has all of it. */
const MOST_OF_ERROR = 80;

function limit(text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A number from 1 to 9999999.');
}
