import { isLogAway } from '@parley/infra/log/log-away';
import { ClocksApart } from '@parley/infra/runtime/log-time';
import { BadFile } from '@parley/infra/transfer/format';
import { TransferRefused } from '@parley/infra/transfer/refused';
import { VaultAway } from '@parley/infra/vault/questions';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';

const CODES: Readonly<Record<TransferRefused['why'], ExitCode>> = {
  absent: exitCodes.noInput,
  damaged: exitCodes.badData,
  unsealed: exitCodes.failed,
  there: exitCodes.failed,
  signer: exitCodes.badData,
  passphrase: exitCodes.config,
  clock: exitCodes.config,
  broken: exitCodes.unavailable,
};

/** Throws what a person is told of a conversation that could not be moved. @param file that is read, if one is */
export function explainTransfer(error: unknown, file?: string): never {
  if (error instanceof BadFile) throw new CliError(`${file}, ${error.message}`, exitCodes.badData);
  if (error instanceof TransferRefused) throw new CliError(error.message, CODES[error.why]);
  if (error instanceof ClocksApart) throw new CliError(error.message, exitCodes.config);
  if (error instanceof VaultAway || isLogAway(error))
    throw new CliError(
      `the broker does not answer: ${(error as Error).message}; ask again`,
      exitCodes.unavailable,
    );
  if (file !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT')
    throw new CliError(`there is no file ${file}`, exitCodes.noInput);
  throw error;
}
