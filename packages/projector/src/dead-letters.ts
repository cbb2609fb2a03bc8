import type { ClientBase } from 'pg';
import type { Share } from './checkpoint.js';
import type { DeadLetter } from './dead-letter.js';

/** Parks messages that could not be taken, in the caller's transaction: the checkpoint passes them, they are not lost. */
export async function parkDeadLetters(
  client: ClientBase,
  schema: string,
  { projection, partition }: Share,
  letters: readonly DeadLetter[],
): Promise<void> {
  if (letters.length === 0) return;
  await client.query(
    `insert into ${schema}.dead_letter (projection, partition, stream_seq, subject, payload, error)
     select $1, $2, * from unnest($3::bigint[], $4::text[], $5::bytea[], $6::text[])
     on conflict do nothing`,
    [
      projection,
      partition,
      letters.map(({ streamSeq }) => streamSeq),
      letters.map(({ subject }) => subject),
      letters.map(({ payload }) => Buffer.from(payload)),
      letters.map(({ error }) => error.replaceAll('\0', '').toWellFormed().slice(0, 1_000)),
    ],
  );
}
