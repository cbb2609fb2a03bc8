import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';

/**
 * The SQL of a question: as it is given, of a file, or of standard input.
 *
 * @throws CliError where there is none
 */
export async function readQuestion(sql: string | undefined, file: string | undefined): Promise<string> {
  const question = await given(sql, file);
  if (question.trim() !== '') return question;
  throw new CliError(
    'there is no question: give one, such as "select type, count(*) from events group by 1"',
    exitCodes.usage,
  );
}

async function given(sql: string | undefined, file: string | undefined): Promise<string> {
  if (sql !== undefined && file !== undefined)
    throw new CliError('there are two questions: give one, or one by --file', exitCodes.usage);
  if (file !== undefined) {
    return readFile(file, 'utf8').catch((error: unknown) => {
      throw new CliError(`${file} cannot be read: ${(error as Error).message}`, exitCodes.noInput);
    });
  }
  if (sql !== undefined && sql !== '-') return sql;
  return sql === '-' || !process.stdin.isTTY ? text(process.stdin) : '';
}
