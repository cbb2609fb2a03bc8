import type { MessageRow, Reaction } from '@parley/infra/read-model/message-row';
import { type Queryable, rowsOf } from './queryable.js';

type Found = { readonly row: MessageRow; readonly reactions: number };
type Whose = { readonly schema: string; readonly conversationId: string; readonly reader: string };

/** Rows with their reactions: counted, and whether the reader's own is among them. Asks only where there are some. */
export async function withReactions(
  db: Queryable,
  { schema, conversationId, reader }: Whose,
  found: readonly Found[],
): Promise<readonly MessageRow[]> {
  const reacted = found.filter(({ reactions }) => reactions > 0).map(({ row }) => row.seq);
  if (reacted.length === 0) return found.map(({ row }) => row);
  const text = `
    select seq, emoji, count(*), bool_or(user_id = $3) from ${schema}.reaction
    where conversation_id = $1 and seq = any($2::bigint[]) group by seq, emoji order by seq, emoji`;
  const rows = await rowsOf(db, { name: `reactions-${schema}`, text }, [conversationId, reacted, reader]);
  const bySeq = Map.groupBy(rows, ([seq]) => Number(seq));
  return found.map(({ row }) => ({ ...row, reactions: (bySeq.get(row.seq) ?? []).map(reactionFor(reader)) }));
}

const reactionFor =
  (reader: string) =>
  ([, emoji, count, mine]: unknown[]): Reaction => ({
    emoji: emoji as string,
    count: Number(count),
    users: mine ? [reader] : [],
  });
