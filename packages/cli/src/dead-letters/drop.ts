import { dropEvent } from '@parley/projector/parked/drop-event';
import { Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { confirm } from '../terminal/confirm.js';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { natsOption } from '../terminal/log-access.js';
import { writeLine } from '../terminal/print.js';
import { type LetterId, letterId } from './letter-id.js';
import { requireLetter } from './of-version.js';
import { type Outcome, printable, retryLetter, sentenceOf, withRetryAccess } from './retry-letters.js';

/** `parley dead-letters drop`: goes on without an event, for good. */
export const dropVerb = (): Command =>
  new Command('drop')
    .description('Go on without an event, in every version and those to come. The log keeps it.')
    .argument('<letter>', 'which, as `list` has it', letterId)
    .addOption(new Option('--reason <text>', 'why').argParser(reason).makeOptionMandatory())
    .option('--yes', 'do it without asking')
    .addOption(natsOption())
    .addOption(databaseOption())
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', HELP)
    .action(drop);

const HELP = `
What the event did is then in no rows: if it deleted a message, the message is shown; if it removed somebody, they are listed. Who may read
is decided by the log and not by these rows.

Example:
  $ parley dead-letters drop CONV_03:1234 --reason "written by a release that was withdrawn"`;

type Flags = DatabaseFlags & {
  readonly reason: string;
  readonly yes?: true;
  readonly nats?: string;
  readonly json?: true;
};

async function drop(at: LetterId, flags: Flags): Promise<void> {
  if (!flags.yes) await confirm(`Drop ${at.id} for good, in every version of the read model?`);
  using interrupt = onInterrupt();
  const { folded, outcomes } = await withDatabase(flags, ({ pool, url }) =>
    withRetryAccess(flags.nats, url, async (access) => {
      const dropped = await dropEvent(access.client, at, flags.reason);
      if (dropped === undefined)
        throw new CliError(`no version has a letter ${at.id}: nothing was dropped`, exitCodes.noInput);
      const outcomes: Outcome[] = [];
      for (const version of dropped.parked)
        outcomes.push(await retryLetter(access, await requireLetter(pool, version, at), interrupt.signal));
      return { ...dropped, outcomes };
    }),
  );
  if (flags.json)
    await writeLine(
      process.stdout,
      JSON.stringify({ dropped: at.id, folded, outcomes: outcomes.map(printable) }),
    );
  else {
    await writeLine(process.stdout, `${at.id} is dropped`);
    for (const outcome of outcomes) await writeLine(process.stdout, sentenceOf(outcome));
  }
  if (folded.length > 0)
    process.stderr.write(
      `version ${folded.join(', ')} has folded it before and differs from the others: rebuild, or drop it\n`,
    );
  if (folded.length > 0 || outcomes.some(({ tag }) => tag === 'stuck'))
    process.exitCode = exitCodes.unhealthy;
}

function reason(text: string): string {
  if (text.trim().length > 0 && text.length <= 500) return text;
  throw new InvalidArgumentError('1 to 500 characters.');
}
