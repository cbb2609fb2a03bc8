import type { Reaction } from '@parley/infra/read-model/message-row';

/**
 * Expression for the reactions to a message, the row called `alias`: counted, and whether the reader's own is among them. Null where there are
 * none, which costs nothing: the row knows.
 *
 * @param reader parameter of the statement that names the reader.
 */
export const reactionsSql = (schema: string, alias: string, reader: string): string => `
        case when ${alias}.reactions > 0 then (
          select jsonb_agg(jsonb_build_array(each.emoji, each.count, each.mine) order by each.emoji)
          from (
            select r.emoji, count(*) as count, bool_or(r.user_id = ${reader}) as mine from ${schema}.reaction r
            where r.conversation_id = ${alias}.conversation_id and r.seq = ${alias}.seq group by r.emoji
          ) each
        ) end`;

/** What that expression gave, as a row for one reader has it. */
export const reactionsFor = (reader: string, found: unknown): readonly Reaction[] =>
  ((found ?? []) as readonly (readonly [string, number, boolean])[]).map(([emoji, count, mine]) => ({
    emoji,
    count,
    users: mine ? [reader] : [],
  }));
