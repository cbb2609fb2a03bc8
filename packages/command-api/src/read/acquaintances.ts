import { type Queryable, rowsOf } from './queryable.js';

type Whose = { readonly schema: string; readonly user: string };

/**
 * Those of `others` who share a conversation with a user. The conversations of each of them are looked up among the user's own, so
 * it costs what they are in, not how many people those conversations have; without `limit` the planner reads all members of them.
 */
export async function readAcquaintances(
  db: Queryable,
  { schema, user }: Whose,
  others: readonly string[],
): Promise<readonly string[]> {
  const text = `
    select other.user_id
      from unnest($2::text[]) as other (user_id)
     cross join lateral (
       select
         from ${schema}.member theirs
         join ${schema}.member mine on mine.conversation_id = theirs.conversation_id and mine.user_id = $1
        where theirs.user_id = other.user_id collate "C"
        limit 1
     ) shared`;
  const rows = await rowsOf(db, { name: `acquaintances-${schema}`, text }, [user, others]);
  return rows.map(([userId]) => userId as string);
}
