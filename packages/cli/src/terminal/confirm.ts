import { createInterface } from 'node:readline/promises';
import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';

/**
 * Lets a person say yes before something is done that cannot be undone.
 *
 * @throws CliError where they do not, and where nobody can be asked: then it takes `--yes`
 */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CliError(`${question} Nobody can be asked here: --yes says so`, exitCodes.usage);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('nothing was done', exitCodes.failed);
}
