import { membershipsKey } from '@parley/infra/read-model/memberships';
import { knownModel } from '@parley/infra/read-model/served-version';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import { withinOneMessage } from '../queries/fitting.js';
import type { NewestPageResources } from '../queries/newest-page.js';
import { MEMBERSHIPS_PAGE, readMemberships, type Whose } from '../read/memberships.js';

/** A page of a user's conversations; `later` where the answer had no room left for it. */
export type Memberships =
  | { readonly conversations: readonly string[]; readonly complete: boolean; readonly hasMore: boolean }
  | { readonly later: true };

/**
 * The conversations of users: from Postgres, else as far as Redis knows them. They say where to look; who may hear what is
 * decided by the log. Not complete when neither answers: a session then goes live in what the client names.
 */
export async function memberships(
  resources: NewestPageResources,
  questions: readonly Whose[],
): Promise<readonly Memberships[]> {
  const { pages, complete } = await pagesOf(resources, questions);
  const answers = pages.map((conversations) => ({
    conversations,
    complete,
    hasMore: conversations.length === MEMBERSHIPS_PAGE,
  }));
  return withinOneMessage(answers, ({ conversations }) =>
    conversations.reduce((sum, id) => sum + id.length + 3, 0),
  );
}

async function pagesOf({ database, redis, served }: NewestPageResources, questions: readonly Whose[]) {
  try {
    const pages = await served.read(({ schema }) => readMemberships(database, schema, questions));
    return { pages, complete: true };
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
  }
  const schema = (await knownModel(served))?.schema;
  const known = await Promise.all(
    questions.map(({ user }) =>
      schema === undefined ? [] : redis.smembers(membershipsKey(schema, user)).catch(() => []),
    ),
  );
  const pages = questions.map(({ after = '' }, index) =>
    (known[index] ?? [])
      .filter((id) => id > after)
      .sort()
      .slice(0, MEMBERSHIPS_PAGE),
  );
  return { pages, complete: false };
}
