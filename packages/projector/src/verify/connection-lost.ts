import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import { CannotVerify } from './at-one-place.js';

/** What Postgres or its connection says when it is away, as a sentence that says what to do; any other error as it is. */
export function connectionLost(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CannotVerify) return error;
  const code = 'code' in error ? error.code : undefined;
  if (code === LOCK_TIMEOUT)
    return new CannotVerify(
      'the checkpoint of a partition is held by somebody else for a minute: does a rebuild or another verification run?',
      'held',
      { cause: error },
    );
  if (!isDatabaseAway(error)) return error;
  return new CannotVerify(
    `the database was lost while it was looked at (${error.message}): nothing is locked, verify again when it is back`,
    'away',
    { cause: error },
  );
}

const LOCK_TIMEOUT = '55P03';
