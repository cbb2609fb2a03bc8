import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import type { InCall, InCallPage } from '@parley/infra/voice/roster';
import * as E from 'fp-ts/lib/Either.js';
import { KNOWS_NO_CALLS } from '../queries/call-list.js';
import type { NewestPageResources } from '../queries/newest-page.js';
import { readInCalls } from '../read/in-calls.js';

/**
 * Everybody who is in a call, after one of them, as far as the rows have come. `Unavailable` while Postgres is away, and while a build of the read model is served that
 * knows no calls.
 */
export async function inCalls(
  { database, served }: NewestPageResources,
  after: InCall | undefined,
): Promise<E.Either<Refusal, InCallPage>> {
  try {
    const page = await served.read(async ({ schema, model }) =>
      model < 3 ? undefined : readInCalls(database, schema, after ?? { conversationId: '', participant: 0 }),
    );
    return page === undefined ? E.left(refuse('Unavailable', KNOWS_NO_CALLS)) : E.right(page);
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    return E.left(refuse('Unavailable', 'the read model is away'));
  }
}
