import { type Queryable, rowsOf } from './queryable.js';

type OfMessages = {
  readonly schema: string;
  readonly conversationId: string;
  readonly seqs: readonly number[];
  /** Time in ms. */
  readonly now: number;
};

/** Those of these messages that are shown, in the order given: neither deleted nor expired, nor due by now. */
export async function readShown(
  db: Queryable,
  { schema, conversationId, seqs, now }: OfMessages,
): Promise<readonly number[]> {
  const text = `
    select x.seq from ${schema}.message x
    where x.conversation_id = $1 and x.seq = any($2::bigint[]) and not x.expired and x.deleted_at is null
      and (x.expires_at is null or x.expires_at > $3)`;
  const rows = await rowsOf(db, { name: `shown-${schema}`, text }, [conversationId, seqs, now]);
  const shown = new Set(rows.map(([seq]) => Number(seq)));
  return seqs.filter((seq) => shown.has(seq));
}
