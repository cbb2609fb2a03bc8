import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';

/** The flag of every verb that needs a passphrase: never itself an argument, which every user of the machine could read. */
export const passphraseOption = (): Option =>
  new Option('--passphrase-file <file>', 'the passphrase; else it is asked for on the terminal');

/**
 * The passphrase in a file, without the line break at its end, or as a person types it.
 *
 * @param again whether it is asked for twice, because nothing else would show a slip
 * @throws CliError where the file cannot be read, nobody can be asked, or they typed two different ones
 */
export async function givenPassphrase(file: string | undefined, { again = false } = {}): Promise<Buffer> {
  if (file !== undefined) {
    const bytes = await readFile(file).catch((error: Error) => {
      throw new CliError(`${file} cannot be read: ${error.message}`, exitCodes.noInput);
    });
    return Buffer.from(bytes.toString('utf8').replace(/\r?\n$/, ''));
  }
  if (!process.stdin.isTTY)
    throw new CliError(
      'nobody can be asked for the passphrase here: name its file by --passphrase-file',
      exitCodes.usage,
    );
  const passphrase = await ask('passphrase: ');
  if (again && (await ask('once more: ')) !== passphrase)
    throw new CliError('these were two different ones: nothing was done', exitCodes.failed);
  return Buffer.from(passphrase);
}

/** What is typed is not shown. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    // Ctrl-C rejects, Ctrl-D closes.
    const closed = once(terminal, 'close').then(() => undefined);
    const typed = await Promise.race([terminal.question(''), closed]).catch(() => undefined);
    if (typed === undefined) throw new CliError('nothing was done', exitCodes.interrupted);
    return typed;
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
