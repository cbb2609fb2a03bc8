import type { ClientBase } from 'pg';
import type { Share } from '../checkpoint.js';
import type { DeadLetter } from './dead-letter.js';
import { MOST_PARKED, TooManyParked, type Withheld } from './withheld.js';

/** What a batch has of a conversation that stands still. */
export type Standstill = {
  readonly conversationId: string;
  /** Stream sequence of the event that parks it; undefined where it was parked before. */
  readonly since: number | undefined;
  /** Events after that one, which wait in the log. */
  readonly waiting: number;
  /** Whether those put it on legal hold, or lift that; undefined where they do neither. */
  readonly held: boolean | undefined;
};

/** What a batch could not fold. */
export type Unfolded = {
  readonly unreadable: readonly DeadLetter[];
  readonly standstills: readonly Standstill[];
};

/**
 * Keeps what a batch could not fold, in the caller's transaction: the checkpoint passes it, it is not lost.
 *
 * @throws TooManyParked
 */
export async function writeUnfolded(
  client: ClientBase,
  schema: string,
  share: Share,
  { unreadable, standstills }: Unfolded,
  { parked }: Withheld,
): Promise<void> {
  await writeLetters(client, schema, share, unreadable);
  const begun = standstills.filter(({ since }) => since !== undefined);
  if (begun.length > 0) {
    if (parked.size + begun.length > MOST_PARKED) throw new TooManyParked(share);
    await client.query(
      `insert into ${schema}.parked_conversation (partition, conversation_id, stream_seq, waiting, held)
       select $1, * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::boolean[])`,
      [
        share.partition,
        begun.map(({ conversationId }) => conversationId),
        begun.map(({ since }) => since),
        begun.map(({ waiting }) => waiting),
        begun.map(({ held }) => held ?? false),
      ],
    );
  }
  const longer = standstills.filter(({ since }) => since === undefined);
  if (longer.length === 0) return;
  await client.query(
    `update ${schema}.parked_conversation p set waiting = p.waiting + w.waiting, held = coalesce(w.held, p.held)
     from unnest($2::text[], $3::bigint[], $4::boolean[]) as w (conversation_id, waiting, held)
     where p.partition = $1 and p.conversation_id = w.conversation_id`,
    [
      share.partition,
      longer.map(({ conversationId }) => conversationId),
      longer.map(({ waiting }) => waiting),
      longer.map(({ held }) => held ?? null),
    ],
  );
}

/** A letter that is there already is told its newest reason. */
export async function writeLetters(
  client: ClientBase,
  schema: string,
  { projection, partition }: Share,
  letters: readonly DeadLetter[],
): Promise<void> {
  if (letters.length === 0) return;
  await client.query(
    `insert into ${schema}.dead_letter (projection, partition, stream_seq, subject, payload, error)
     select $1, $2, * from unnest($3::bigint[], $4::text[], $5::bytea[], $6::text[])
     on conflict (projection, partition, stream_seq) do update set error = excluded.error`,
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
