import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { isLogAway } from '@parley/infra/log/log-away';
import * as E from 'fp-ts/lib/Either.js';

/** A log that cannot be reached is a retryable refusal; any other rejection is a bug and goes on. */
export async function unlessLogIsAway<A>(
  outcome: Promise<E.Either<Refusal, A>>,
): Promise<E.Either<Refusal, A>> {
  try {
    return await outcome;
  } catch (error) {
    if (!isLogAway(error)) throw error;
    return E.left(refuse('Unavailable', 'the log does not answer'));
  }
}
