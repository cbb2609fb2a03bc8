import { type Queryable, rowsOf } from './queryable.js';

/** Whose conversations; those after a conversation, in the order of their ids, or from the first on. */
export type Whose = { readonly user: string; readonly after?: string };

/** Conversations of one user given at once. */
export const MEMBERSHIPS_PAGE = 2_000;

/** Pages of the conversations these users are members of, as far as the read model has come, in one query for all of them. */
export async function readMemberships(
  db: Queryable,
  schema: string,
  questions: readonly Whose[],
): Promise<readonly (readonly string[])[]> {
  const text = `
    select q.place, page.conversation_id
      from unnest($1::text[], $2::text[]) with ordinality as q (user_id, after, place)
     cross join lateral (
       select conversation_id from ${schema}.member
        where user_id = q.user_id and conversation_id > q.after
        order by conversation_id limit ${MEMBERSHIPS_PAGE}
     ) as page
     order by q.place, page.conversation_id`;
  const values = [questions.map(({ user }) => user), questions.map(({ after = '' }) => after)];
  const rows = await rowsOf(db, { name: `memberships-${schema}`, text }, values);
  const pages = questions.map((): string[] => []);
  for (const [place, conversationId] of rows) pages[Number(place) - 1]?.push(conversationId as string);
  return pages;
}
