import type { Pool } from 'pg';
import type { Numbered } from './ranges.js';

/**
 * Messages that are due at `now`, in ms, and not expired, by conversation: `most` of each, those due longest first. Deleted ones
 * expire too: then nothing shows that they were.
 */
export async function readDueMessages(
  database: Pick<Pool, 'query'>,
  schema: string,
  conversationIds: readonly string[],
  now: number,
  most: number,
): Promise<ReadonlyMap<string, readonly Numbered[]>> {
  if (conversationIds.length === 0) return new Map();
  const { rows } = await database.query<[string, readonly number[] | null, readonly number[] | null]>({
    name: `due-messages-${schema}`,
    rowMode: 'array',
    text: `
      select c.conversation_id, due.seqs, due.ordinals
      from unnest($1::text[]) as c (conversation_id)
      cross join lateral (
        select array_agg(found.seq) as seqs, array_agg(found.ordinal) as ordinals from (
          select m.seq::float8, m.ordinal::float8 from ${schema}.message m
          where m.conversation_id = c.conversation_id collate "C" and m.expires_at <= $2 and not m.expired
          order by m.expires_at limit $3
        ) found
      ) due`,
    values: [conversationIds, now, most],
  });
  return new Map(
    rows.map(([conversationId, seqs, ordinals]) => [
      conversationId,
      (seqs ?? []).map((seq, index) => ({ seq, ordinal: ordinals?.[index] as number })),
    ]),
  );
}
