import { type Digest, digestHex, readDigest } from '@parley/domain/log/digest';
import type { ClientBase } from 'pg';
import type { CheckpointMove } from './checkpoint.js';

/** What the digest of a partition was when its checkpoint was at a place of the stream. */
export type DigestMark = { readonly streamSeq: number; readonly digest: Digest };

/** Stream sequences from one mark to the next, at least: a billion events have 15,000 of them. */
const BETWEEN_MARKS = 65_536;

/** Whether a step of a checkpoint leaves a mark. Receipts have no digest. */
export const passesMark = ({ share, from, to }: Pick<CheckpointMove, 'share' | 'from' | 'to'>): boolean =>
  share.projection === 'timeline' &&
  Math.floor(from.streamSeq / BETWEEN_MARKS) < Math.floor(to.streamSeq / BETWEEN_MARKS);

/** Leaves one, in the transaction that moves the checkpoint. */
export async function writeMark(
  client: ClientBase,
  schema: string,
  { share, to }: Pick<CheckpointMove, 'share' | 'to'>,
): Promise<void> {
  await client.query(
    `insert into ${schema}.digest_mark (partition, stream_seq, digest) values ($1, $2, $3)
     on conflict (partition, stream_seq) do update set digest = excluded.digest`,
    [share.partition, to.streamSeq, digestHex(to.digest)],
  );
}

/** Takes away those that do not know of an event which is folded only now, in the transaction that folds it. */
export async function forgetMarks(
  client: Pick<ClientBase, 'query'>,
  schema: string,
  partition: number,
  fromStreamSeq: number,
): Promise<void> {
  await client.query(`delete from ${schema}.digest_mark where partition = $1 and stream_seq >= $2`, [
    partition,
    fromStreamSeq,
  ]);
}

/** The marks of a partition up to a place, in order. */
export async function readMarks(
  client: Pick<ClientBase, 'query'>,
  schema: string,
  partition: number,
  upTo: number,
): Promise<readonly DigestMark[]> {
  const { rows } = await client.query<{ stream_seq: string; digest: string }>(
    `select stream_seq, digest from ${schema}.digest_mark where partition = $1 and stream_seq <= $2 order by stream_seq`,
    [partition, upTo],
  );
  return rows.map(({ stream_seq, digest }) => ({
    streamSeq: Number(stream_seq),
    digest: readDigest(digest),
  }));
}
