import { type MessageRow, messageColumns, readMessageRow } from '@parley/infra/read-model/message-row';
import { MAX_CACHED_REACTIONS, type NewestPage, PAGE_ROWS } from '@parley/infra/read-model/newest-page';
import type { Pool } from 'pg';

/**
 * The newest pages of some conversations with one statement: rows, reactions and revision of the same moment. A
 * conversation with more reactions on its page than a page may hold is left out.
 */
export async function readPages(
  database: Pick<Pool, 'query'>,
  schema: string,
  conversationIds: readonly string[],
): Promise<ReadonlyMap<string, NewestPage>> {
  const { rows } = await database.query<unknown[]>({
    name: `pages-${schema}`,
    text: `
      select c.conversation_id, c.revision, page.who, page.*
      from ${schema}.conversation c
      left join lateral (
        select ${messageColumns('x')}, case when x.reactions > 0 then (
          select jsonb_agg(jsonb_build_array(r.emoji, r.user_id) order by r.emoji, r.user_id)
          from ${schema}.reaction r where r.conversation_id = x.conversation_id and r.seq = x.seq
            and x.reactions <= ${MAX_CACHED_REACTIONS}
        ) end as who
        from ${schema}.message x
        where x.conversation_id = c.conversation_id and not x.expired
        order by x.seq desc limit ${PAGE_ROWS}
      ) page on true
      where c.conversation_id = any ($1)
      order by c.conversation_id, page.seq`,
    values: [conversationIds],
    rowMode: 'array',
  });
  const pages = new Map<string, { revision: number; messages: MessageRow[] }>();
  const tooMany = new Set<string>();
  for (const values of rows) {
    const id = values[0] as string;
    const page = pages.get(id) ?? { revision: Number(values[1]), messages: [] };
    pages.set(id, page);
    if (values[FIRST] === null) continue;
    const { row, reactions } = readMessageRow(values, FIRST);
    if (reactions > MAX_CACHED_REACTIONS) tooMany.add(id);
    page.messages.push({ ...row, reactions: reactionsOf(values[2]) });
  }
  for (const id of tooMany) pages.delete(id);
  return pages;
}

/** Column where the message begins. */
const FIRST = 3;

function reactionsOf(who: unknown): MessageRow['reactions'] {
  const byEmoji = Map.groupBy((who ?? []) as readonly (readonly [string, string])[], ([emoji]) => emoji);
  return [...byEmoji].map(([emoji, all]) => ({
    emoji,
    count: all.length,
    users: all.map(([, user]) => user),
  }));
}
