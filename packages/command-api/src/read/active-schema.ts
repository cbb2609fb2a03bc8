import { isSchemaName, schemaOf } from '@parley/infra/read-model/schema-name';
import type { Queryable } from './queryable.js';

/** How long, in ms, the name of the active schema is believed: a switch is seen everywhere after that. */
const BELIEVED = 1_000;

/**
 * Says which schema is served, asking the pointer at most once a second. While Postgres is away the last answer stands;
 * before there was one, it is the first version, so that the caller meets the failure in its own statement.
 */
export function activeSchema(db: Queryable, now: () => number = Date.now): () => Promise<string> {
  let known = schemaOf(1);
  let askAgainAt = 0;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    try {
      const { rows } = await db.query<{ active: string }>('select active from parley.read_model');
      const active = rows[0]?.active;
      if (active !== undefined && isSchemaName(active)) known = active;
    } catch {
      // Known from before, or the first.
    }
    askAgainAt = now() + BELIEVED;
    asking = undefined;
    return known;
  }

  return async () => {
    if (now() < askAgainAt) return known;
    asking ??= ask();
    // The first caller must not read from a guess; later ones go on with what was true a second ago.
    return askAgainAt === 0 ? asking : known;
  };
}
