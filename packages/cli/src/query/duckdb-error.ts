import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';

/**
 * Throws what DuckDB says as a sentence for whoever asked: what does not fit in their SQL is theirs to mend, so it is never a bug
 * of ours with a stack. What is no error of DuckDB is thrown as it is.
 */
export function explainDuckDb(error: unknown): never {
  const message = error instanceof Error ? error.message : '';
  const kind = /^(?:Failed to [\w ]+: )?([A-Z][\w -]*?) ?Error: /.exec(message)?.[1];
  switch (kind) {
    case undefined:
      if (message !== 'Failed to query') throw error;
      throw new CliError('DuckDB failed, and does not say why', exitCodes.failed);
    case 'INTERRUPT':
      throw new CliError('broken off', exitCodes.interrupted);
    case 'Out of Memory':
      throw new CliError(
        `${firstLine(message)}. Give it more by --memory 8GB, or ask less at once: --conversation, --partition and --since load less of the log`,
        exitCodes.failed,
      );
    case 'IO':
      throw explainIo(message);
    case 'INTERNAL':
    case 'FATAL':
      throw new CliError(`DuckDB failed: ${firstLine(message)}`, exitCodes.failed);
    default:
      throw new CliError(message.replace(/^Failed to [\w ]+: /, ''), exitCodes.usage);
  }
}

const firstLine = (message: string): string => (message.split('\n')[0] as string).replace(/\.$/, '');

function explainIo(message: string): CliError {
  const [, file, holder] = /lock on file "(.*?)".*\(PID (\d+)\)/.exec(message) ?? [];
  if (file !== undefined)
    return new CliError(
      `${file} is in use by process ${holder}: wait for it, or name another --cache`,
      exitCodes.busy,
    );
  const isOther = /not a valid DuckDB database/.test(message);
  return new CliError(firstLine(message), isOther ? exitCodes.badData : exitCodes.failed);
}
