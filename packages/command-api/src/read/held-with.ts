import { type Queryable, rowsOf } from './queryable.js';

/** Most conversations that are named. */
const MOST = 20;

/** Conversations on legal hold that a person is in, or was, as far as the rows have come. */
export async function readHeldWith(db: Queryable, schema: string, user: string): Promise<readonly string[]> {
  const text = `
    select c.conversation_id
      from (
        select conversation_id from ${schema}.member where user_id = $1
        union
        select conversation_id from ${schema}.departure where user_id = $1
      ) theirs
      join ${schema}.conversation c on c.conversation_id = theirs.conversation_id
     where c.hold_since is not null
     order by 1 limit ${MOST}`;
  const rows = await rowsOf(db, { name: `held-with-${schema}`, text }, [user]);
  return rows.map(([conversationId]) => conversationId as string);
}
