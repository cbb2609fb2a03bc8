import { membershipsKey } from '@parley/infra/read-model/memberships';
import { isDatabaseAway } from '../queries/database-away.js';
import type { NewestPageResources } from '../queries/newest-page.js';
import { readMemberships } from '../read/memberships.js';

export type Memberships = { readonly conversations: readonly string[]; readonly complete: boolean };

/**
 * The conversations of a user: from Postgres, else as far as Redis knows them. They say where to look; who may hear what is
 * decided by the log. Not complete when neither answers: a session then goes live in what the client names.
 */
export async function memberships(
  { database, redis, schema }: NewestPageResources,
  user: string,
): Promise<Memberships> {
  try {
    return {
      conversations: await readMemberships(database, { schema: await schema(), user }),
      complete: true,
    };
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
  }
  const known = await redis.smembers(membershipsKey(user)).catch(() => []);
  return { conversations: known, complete: false };
}
