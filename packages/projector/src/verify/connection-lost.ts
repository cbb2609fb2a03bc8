import { CannotVerify } from './at-one-place.js';

/** What Postgres or its connection says when it is away, as a sentence that says what to do; any other error as it is. */
export function connectionLost(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === STATEMENT_TIMEOUT)
    return new CannotVerify(
      'a statement took too long: is Postgres overloaded? Nothing is locked, verify again',
      {
        cause: error,
      },
    );
  if (code === LOCK_TIMEOUT)
    return new CannotVerify(
      'the checkpoint of a partition is held by somebody else for a minute: does a rebuild or another verification run?',
      { cause: error },
    );
  const isAway = /^(08|57P|53)/.test(code) || AWAY.test(error.message) || AWAY.test(code);
  if (!isAway) return error;
  return new CannotVerify(
    `the database was lost while it was looked at (${error.message}): nothing is locked, verify again when it is back`,
    { cause: error },
  );
}

const STATEMENT_TIMEOUT = '57014';
const LOCK_TIMEOUT = '55P03';

/** What the client says of a connection that ends, or that cannot be made. */
const AWAY =
  /Connection terminated|connection error|not queryable|ECONNREFUSED|ECONNRESET|EPIPE|timeout expired|Client was closed/;
