import { type Queryable, rowsOf } from './queryable.js';

type Whose = { readonly schema: string; readonly user: string };

/** The conversations a user is a member of, as far as the read model has come. */
export async function readMemberships(db: Queryable, { schema, user }: Whose): Promise<readonly string[]> {
  const text = `select conversation_id from ${schema}.member where user_id = $1`;
  const rows = await rowsOf(db, { name: `memberships-${schema}`, text }, [user]);
  return rows.map(([conversationId]) => conversationId as string);
}
