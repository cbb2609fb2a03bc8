import type { ParleyClient } from '@parley/client/parley-client';
import { ConversationId, isDirectId } from '@parley/domain/ids';
import { Command, InvalidArgumentError } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { type ImportTarget, readSource, targetsOf } from '../irc/files.js';
import { addLine, createReport, reportJson, reportTable } from '../irc/report.js';
import { runImport } from '../irc/run-import.js';
import { type ConnectionFlags, openClient, withConnection } from '../terminal/connection.js';
import { createProgress } from '../terminal/progress.js';

/** `parley import`: conversations from elsewhere. */
export const importVerb = (): Command =>
  new Command('import')
    .description('Bring conversations from elsewhere.')
    .addCommand(ircVerb().exitOverride());

const ircVerb = (): Command =>
  withConnection(
    new Command('irc')
      .description('Import logs of an IRC channel: nicks become users, joins and leaves become membership.')
      .argument('<file...>', 'logs whose names have a date, such as 2007-06-04.txt')
      .option('--into <conversation>', 'one conversation of all files, in the order given', conversation)
      .option('--channel <name>', 'what the conversations are called, with the date', '#ubuntu')
      .option('--show-unread', 'list the lines that are not understood, as file:line')
      .option('--json', 'print the final numbers as JSON'),
    'the user who owns the conversations; a token with the scope import is signed',
  )
    .addHelpText(
      'after',
      '\nRunning it again changes nothing, and goes on where a run was broken off.\n\nExample:\n  $ parley import irc logs/*.txt\n  $ parley import irc logs/*.txt --into history',
    )
    .action(importIrc);

type ImportFlags = ConnectionFlags & {
  readonly into?: string;
  readonly channel: string;
  readonly showUnread?: true;
  readonly json?: true;
};

async function importIrc(paths: readonly string[], flags: ImportFlags): Promise<void> {
  const targets = targetsOf(paths, flags.channel, flags.into);
  const total = await countLines(targets);
  const client = await openClient(flags, 'import', 'import');
  const progress = flags.json
    ? { step: () => undefined, stop: () => undefined }
    : createProgress(total, 'lines');
  // A signal that ends the process would leave the bar's cursor hidden.
  process.once('SIGINT', () => {
    progress.stop();
    process.stderr.write('broken off; the same command goes on from here\n');
    process.exit(exitCodes.interrupted);
  });
  sayBreaks(client);
  let report = createReport();
  try {
    await runImport(client, targets, {
      line: (line) => {
        report = addLine(report, line);
        progress.step();
      },
      latin1: (lines) => {
        report = { ...report, latin1: report.latin1 + lines };
      },
    });
  } finally {
    progress.stop();
    client.close();
  }
  if (flags.json) process.stdout.write(`${reportJson(report, flags.showUnread ?? false)}\n`);
  else {
    process.stdout.write(reportTable(report));
    if (flags.showUnread) process.stdout.write(report.unread.map((line) => `${line}\n`).join(''));
  }
}

/** A break that lasts is told once, and its end. */
function sayBreaks(client: ParleyClient): void {
  let told = false;
  client.on('state', (state) => {
    if (state.tag === 'waiting' && state.failures === TELL_AFTER && !told) {
      told = true;
      process.stderr.write('not connected; the import goes on when somebody answers again\n');
    }
    if (state.tag === 'open' && told) {
      told = false;
      process.stderr.write('connected again\n');
    }
  });
}

/** Breaks and dials in a row that failed. */
const TELL_AFTER = 4;

/** Reads every file once before anything is sent, so that one which is not there stops nothing half-way. */
async function countLines(targets: readonly ImportTarget[]): Promise<number> {
  let total = 0;
  for (const { files } of targets) {
    for (const file of files) total += (await readSource(file)).lines.length;
  }
  return total;
}

function conversation(text: string): string {
  if (ConversationId.decode(text)._tag === 'Right' && !isDirectId(text)) return text;
  throw new InvalidArgumentError(
    "It has 1 to 140 of letters, digits, '_', '-', '=', and does not begin with dm-.",
  );
}
