import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import * as E from 'fp-ts/lib/Either.js';
import type { NewestPageResources } from '../queries/newest-page.js';
import { readAcquaintances } from '../read/acquaintances.js';

export type Acquaintances = { readonly users: readonly string[] };

/** Which of `users` share a conversation with `user`, as far as the read model has come; refused while Postgres is away. */
export async function acquaintances(
  { database, served }: NewestPageResources,
  { user, users }: { readonly user: string; readonly users: readonly string[] },
): Promise<E.Either<Refusal, Acquaintances>> {
  try {
    const acquainted = await served.read(({ schema }) =>
      readAcquaintances(database, { schema, user }, users),
    );
    return E.right({ users: acquainted });
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    return E.left(refuse('Unavailable', 'the read model is away'));
  }
}
