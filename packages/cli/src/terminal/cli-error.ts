import { RefusalError } from '@parley/client/refusal-error';
import { ServerNotFound } from '@parley/infra/embedded/find-server';
import { HomeInUse } from '@parley/infra/embedded/home-lock';
import { isLogAway } from '@parley/infra/log/log-away';
import { VersionNotFound, VersionRefused } from '@parley/infra/read-model/version-refused';
import { UnsafeSecrets } from '@parley/infra/runtime/private-file';
import { WrongMasterKeys } from '@parley/infra/vault/use-master-keys';
import { type ExitCode, exitCodes } from '../exit-codes.js';

/** A verb cannot go on: one sentence that says what to do, and how the process ends. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    message: string,
    readonly exitCode: ExitCode,
  ) {
    super(message);
  }
}

/** What a person reads, and the exit code, for anything a verb may throw. Only bugs come with a stack. */
export function explain(error: unknown): { readonly message: string; readonly exitCode: ExitCode } {
  if (error instanceof CliError) return error;
  if (error instanceof RefusalError) return { message: error.message, exitCode: exitCodeOfRefusal(error) };
  if (error instanceof HomeInUse) return { message: error.message, exitCode: exitCodes.busy };
  if (error instanceof ServerNotFound) return { message: error.message, exitCode: exitCodes.unavailable };
  if (error instanceof VersionNotFound) return { message: error.message, exitCode: exitCodes.noInput };
  if (error instanceof VersionRefused) return { message: error.message, exitCode: exitCodes.failed };
  if (error instanceof UnsafeSecrets) return { message: error.message, exitCode: exitCodes.config };
  if (error instanceof WrongMasterKeys) return { message: error.message, exitCode: exitCodes.config };
  if (isLogAway(error))
    return {
      message: `the log does not answer: ${(error as Error).message}`,
      exitCode: exitCodes.unavailable,
    };
  if (isSystemError(error)) return { message: error.message, exitCode: exitCodes.failed };
  return {
    message: `a bug: ${error instanceof Error ? error.stack : String(error)}`,
    exitCode: exitCodes.bug,
  };
}

function exitCodeOfRefusal({ tag, retryable }: RefusalError): ExitCode {
  if (retryable) return exitCodes.unavailable;
  switch (tag) {
    case 'NotAuthenticated':
    case 'TokenExpired':
    case 'ScopeMissing':
    case 'DeviceRevoked':
    case 'PersonErased':
    case 'NotAMember':
    case 'NotAllowed':
      return exitCodes.notAllowed;
    case 'ConversationNotFound':
      return exitCodes.noInput;
    case 'InternalError':
      return exitCodes.bug;
    default:
      return exitCodes.failed;
  }
}

/** EACCES, ENOSPC and their like: of the machine, not of ours. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
