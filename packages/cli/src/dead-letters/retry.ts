import { schemaOf } from '@parley/infra/read-model/schema-name';
import { type Letter, listLetters } from '@parley/projector/parked/letters';
import type { Retried } from '@parley/projector/parked/retry-conversation';
import { retryShare } from '@parley/projector/parked/retry-share';
import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { type DatabaseFlags, databaseOption, withDatabase } from '../terminal/database.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { natsOption } from '../terminal/log-access.js';
import { writeLine } from '../terminal/print.js';
import { createProgress } from '../terminal/progress.js';
import { type LetterId, letterIds } from './letter-id.js';
import { requireLetter, type VersionFlags, versionOf, versionOption } from './of-version.js';
import {
  type Outcome,
  printable,
  type RetryAccess,
  retryLetter,
  sentenceOf,
  withRetryAccess,
} from './retry-letters.js';

/** `parley dead-letters retry`: takes what could not be taken. */
export const retryVerb = (): Command =>
  new Command('retry')
    .description('Fold what stands still from the log, in order, and let it go on.')
    .argument('[letter...]', 'which, as `list` has them', letterIds)
    .option('--all', 'all of the version')
    .addOption(versionOption())
    .addOption(natsOption())
    .addOption(databaseOption())
    .option('--json', 'print one JSON object a line, and no progress')
    .addHelpText('after', HELP)
    .action(retry);

const HELP = `
Projectors go on meanwhile. What cannot be taken still stays where it is: then this says why, and ends with 2. Ctrl-C ends it where rows and
checkpoint agree; the same command goes on. Projectors retry by themselves once whenever they take a partition, so a newer release that
knows the event needs nothing of this.

Examples:
  $ parley dead-letters retry CONV_03:1234
  $ parley dead-letters retry --all --version 2`;

type Flags = DatabaseFlags &
  VersionFlags & { readonly all?: true; readonly nats?: string; readonly json?: true };

async function retry(ids: readonly LetterId[] | undefined, flags: Flags): Promise<void> {
  if ((ids === undefined || ids.length === 0) !== (flags.all === true))
    throw new CliError('name letters, or say --all', exitCodes.usage);
  using interrupt = onInterrupt();
  const outcomes = await withDatabase(flags, async (database) => {
    const version = await versionOf(database.pool, flags);
    const letters = flags.all
      ? await listLetters(database.pool, version, { most: MOST })
      : await Promise.all((ids ?? []).map((id) => requireLetter(database.pool, version, id)));
    return withRetryAccess(flags.nats, database.url, (access) =>
      flags.all
        ? retryAll(access, letters, flags, interrupt.signal)
        : retryEach(access, letters, interrupt.signal),
    ).catch((error: unknown) => {
      if (!interrupt.signal.aborted) throw error;
      throw new CliError('broken off; the same command goes on from here', exitCodes.interrupted);
    });
  });
  for (const outcome of outcomes)
    if (
      !(await writeLine(
        process.stdout,
        flags.json ? JSON.stringify(printable(outcome)) : sentenceOf(outcome),
      ))
    )
      break;
  if (outcomes.length === 0 && !flags.json) await writeLine(process.stdout, 'there is nothing to retry');
  if (outcomes.some(({ tag }) => tag === 'stuck')) process.exitCode = exitCodes.unhealthy;
  if (interrupt.signal.aborted)
    throw new CliError('broken off; the same command goes on from here', exitCodes.interrupted);
}

/** Letters that are told of one by one: as many as there may be in a partition. */
const MOST = 100_000;

async function retryEach(
  access: RetryAccess,
  letters: readonly Letter[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const letter of letters) outcomes.push(await retryLetter(access, letter, signal));
  return outcomes;
}

/** Share by share, so that many are folded together. */
async function retryAll(
  access: RetryAccess,
  letters: readonly Letter[],
  { json }: Flags,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const progress = json ? undefined : createProgress(letters.length, 'letters');
  const outcomes: Outcome[] = [];
  try {
    const shares = Map.groupBy(letters, ({ projection, partition }) => `${projection} ${partition}`);
    for (const own of shares.values()) {
      const { projection, partition, version } = own[0] as Letter;
      const byName = new Map(
        own.map((letter) => [
          projection === 'timeline' ? letter.conversationId : String(letter.streamSeq),
          letter,
        ]),
      );
      const note = (what: string, retried: Retried): void => {
        const letter = byName.get(what);
        progress?.step();
        if (letter !== undefined)
          outcomes.push({ ...retried, id: letter.id, version, conversationId: letter.conversationId });
      };
      const share = { projection, partition };
      await retryShare({ ...access, schema: schemaOf(version), share }, signal, note);
    }
  } finally {
    progress?.stop();
  }
  return outcomes;
}
