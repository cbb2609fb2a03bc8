import type { ClientBase } from 'pg';

/** Sequences of a stream, first and last, that held nothing when it was read. */
export type Gap = { readonly first: number; readonly last: number };

/** What is missing before and between messages that were read after the sequence `after`. */
export function gapsIn(after: number, messages: readonly { readonly streamSeq: number }[]): readonly Gap[] {
  const gaps: Gap[] = [];
  let before = after;
  for (const { streamSeq } of messages) {
    if (streamSeq > before + 1) gaps.push({ first: before + 1, last: streamSeq - 1 });
    before = streamSeq;
  }
  return gaps;
}

/** What is left of gaps without these sequences of theirs. */
export function gapsWithout(gaps: readonly Gap[], claimed: ReadonlySet<number>): readonly Gap[] {
  const taken = [...claimed].toSorted((a, b) => a - b);
  return gaps.flatMap(({ first, last }) => {
    const left: Gap[] = [];
    let from = first;
    for (const streamSeq of taken) {
      if (streamSeq < from || streamSeq > last) continue;
      if (streamSeq > from) left.push({ first: from, last: streamSeq - 1 });
      from = streamSeq + 1;
    }
    if (from <= last) left.push({ first: from, last });
    return left;
  });
}

/** Those of these sequences that this build has met as gaps and that nothing has claimed yet. */
export async function gapsAmong(
  client: Pick<ClientBase, 'query'>,
  schema: string,
  partition: number,
  streamSeqs: readonly number[],
): Promise<readonly number[]> {
  const { rows } = await client.query<{ stream_seq: string }>(
    `select asked.stream_seq from unnest($2::bigint[]) as asked (stream_seq)
     where ${aroundSql(schema)} >= asked.stream_seq`,
    [partition, streamSeqs],
  );
  return rows.map(({ stream_seq }) => Number(stream_seq));
}

/** Where the gap ends that begins last at or before `asked.stream_seq`; gaps do not overlap. */
const aroundSql = (schema: string): string =>
  `(select g.last from ${schema}.gap g where g.partition = $1 and g.stream_seq <= asked.stream_seq
    order by g.stream_seq desc limit 1)`;

/**
 * Keeps what was missing, except what is claimed, in the caller's transaction. However long a gap is, it is one row: a log may have lost
 * millions of messages at its beginning.
 */
export async function writeGaps(
  client: ClientBase,
  schema: string,
  partition: number,
  gaps: readonly Gap[],
  claimed: ReadonlySet<number>,
): Promise<void> {
  const met = claimed.size === 0 ? [] : await takeOut(client, schema, partition, [...claimed]);
  const left = gapsWithout([...met, ...gaps], claimed);
  if (left.length === 0) return;
  await client.query(
    `insert into ${schema}.gap (partition, stream_seq, last) select $1, * from unnest($2::bigint[], $3::bigint[])
     on conflict do nothing`,
    [partition, left.map(({ first }) => first), left.map(({ last }) => last)],
  );
}

/** The gaps of before that have one of these sequences, which are none any more. */
async function takeOut(
  client: ClientBase,
  schema: string,
  partition: number,
  streamSeqs: readonly number[],
): Promise<readonly Gap[]> {
  const { rows } = await client.query<{ first: string; last: string }>(
    `delete from ${schema}.gap g where g.partition = $1 and g.stream_seq = any (array(
       select (select b.stream_seq from ${schema}.gap b where b.partition = $1 and b.stream_seq <= asked.stream_seq
         order by b.stream_seq desc limit 1)
       from unnest($2::bigint[]) as asked (stream_seq)
       where ${aroundSql(schema)} >= asked.stream_seq))
     returning g.stream_seq as first, g.last`,
    [partition, streamSeqs],
  );
  return rows.map(({ first, last }) => ({ first: Number(first), last: Number(last) }));
}
