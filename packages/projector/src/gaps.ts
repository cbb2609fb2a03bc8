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

/** Those of these sequences that this build has met as gaps and that nothing has claimed yet. */
export async function gapsAmong(
  client: Pick<ClientBase, 'query'>,
  schema: string,
  partition: number,
  streamSeqs: readonly number[],
): Promise<readonly number[]> {
  const { rows } = await client.query<{ stream_seq: string }>(
    `select stream_seq from ${schema}.gap where partition = $1 and stream_seq = any ($2::bigint[])`,
    [partition, streamSeqs],
  );
  return rows.map(({ stream_seq }) => Number(stream_seq));
}

/** Keeps what was missing, except what is claimed, in the caller's transaction. */
export async function writeGaps(
  client: ClientBase,
  schema: string,
  partition: number,
  gaps: readonly Gap[],
  claimed: ReadonlySet<number>,
): Promise<void> {
  if (gaps.length > 0) {
    await client.query(
      `insert into ${schema}.gap (partition, stream_seq)
       select $1, missing from unnest($2::bigint[], $3::bigint[]) as g (first, last), generate_series(g.first, g.last) as missing
       where missing <> all ($4::bigint[])
       on conflict do nothing`,
      [partition, gaps.map(({ first }) => first), gaps.map(({ last }) => last), [...claimed]],
    );
  }
  if (claimed.size > 0) {
    await client.query(`delete from ${schema}.gap where partition = $1 and stream_seq = any ($2::bigint[])`, [
      partition,
      [...claimed],
    ]);
  }
}
