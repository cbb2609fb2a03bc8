import type { Pool } from 'pg';
import type { IsTold, Move } from './kept-moves.js';

/** Moves of some people in one conversation. */
export type Moved = { readonly conversationId: string; readonly moves: readonly Move[] };

/** Between two watermarks that follow one another in a conversation, whoever's they are. */
type Stretch = { readonly conversationId: string; readonly after: number; readonly upTo: number };

/**
 * Which stretches between these people's watermarks have a message whose proof is still told, or may have one because the rows do not
 * reach as far: it is there, or ended later than `cutoff`, in ms. Each stretch is looked at once, from its newest message back, however many people's moves begin or end in it.
 */
export async function toldBetween(
  database: Pick<Pool, 'query'>,
  schema: string,
  moved: readonly Moved[],
  cutoff: number,
): Promise<(conversationId: string) => IsTold> {
  const stretches = [...Map.groupBy(moved, ({ conversationId }) => conversationId)].flatMap(stretchesOf);
  const { rows } = await database.query<{ index: string }>({
    name: `told-${schema}`,
    text: toldSql(schema),
    values: [
      stretches.map(({ conversationId }) => conversationId),
      stretches.map(({ after }) => after),
      stretches.map(({ upTo }) => upTo),
      cutoff,
    ],
  });
  const isTold = new Set(rows.map(({ index }) => Number(index) - 1));
  const told = stretches.filter((_, index) => isTold.has(index));
  const byConversation = Map.groupBy(told, ({ conversationId }) => conversationId);
  const ends = new Map(stretches.map(({ conversationId, upTo }) => [conversationId, upTo]));
  return (conversationId) => (after, upTo) =>
    // What came after this was asked is not known to be gone.
    upTo > (ends.get(conversationId) ?? 0) ||
    (byConversation.get(conversationId) ?? []).some((each) => each.after < upTo && after < each.upTo);
}

function stretchesOf([conversationId, all]: [string, readonly Moved[]]): readonly Stretch[] {
  const marks = all.flatMap(({ moves }) => moves.flatMap(({ delivered, read }) => [delivered, read]));
  const cuts = [...new Set(marks)].filter((mark) => mark > 0).sort((a, b) => a - b);
  return cuts.map((upTo, index) => ({ conversationId, after: cuts[index - 1] ?? 0, upTo }));
}

/** By two indexes: of what is shown, and of what is gone. Of messages that the rows do not have yet nobody knows that they are gone. */
const toldSql = (schema: string): string => `
  select i.index from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality as i (conversation_id, after, up_to, index)
  where coalesce(
    (select true from ${schema}.conversation c where c.conversation_id = i.conversation_id and c.revision < i.up_to),
    (select true from ${schema}.message x
     where x.conversation_id = i.conversation_id and x.seq > i.after and x.seq <= i.up_to and not x.expired
       and coalesce(least(x.deleted_at, x.expires_at) > $4, true)
     order by x.seq desc limit 1),
    (select true from ${schema}.message x
     where x.conversation_id = i.conversation_id and x.seq > i.after and x.seq <= i.up_to
       and (x.expired or x.deleted_at is not null) and least(x.deleted_at, x.expires_at) > $4
     order by x.seq desc limit 1),
    false)`;
