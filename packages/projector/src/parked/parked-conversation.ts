import type { ClientBase } from 'pg';
import type { Share } from '../checkpoint.js';
import type { DeadLetter } from './dead-letter.js';
import { writeLetters } from './park.js';

/** A conversation whose rows stand still. */
export type ParkedConversation = {
  readonly conversationId: string;
  /** Stream sequence of the first event that is not in the rows. */
  readonly streamSeq: number;
  /** Events after that one. */
  readonly waiting: number;
  /** Seq of the newest event in the rows; 0 without rows. */
  readonly revision: number;
  /** The event that could not be taken, unless a retry was broken off behind it. */
  readonly letter: DeadLetter | undefined;
};

/** Those of these conversations of a partition that stand still, by their ids. */
export async function readParked(
  client: Pick<ClientBase, 'query'>,
  schema: string,
  { partition }: Share,
  conversationIds: readonly string[],
): Promise<ReadonlyMap<string, ParkedConversation>> {
  const { rows } = await client.query<Row>(
    `select p.conversation_id, p.stream_seq, p.waiting, coalesce(c.revision, 0) as revision, d.subject, d.payload, d.error
     from ${schema}.parked_conversation p
     left join ${schema}.conversation c on c.conversation_id = p.conversation_id
     left join ${schema}.dead_letter d
       on d.projection = 'timeline' and d.partition = p.partition and d.stream_seq = p.stream_seq
     where p.partition = $1 and p.conversation_id = any ($2)
     order by p.stream_seq`,
    [partition, conversationIds],
  );
  return new Map(rows.map((row) => [row.conversation_id, parkedOf(row)]));
}

type Row = {
  readonly conversation_id: string;
  readonly stream_seq: string;
  readonly waiting: string;
  readonly revision: string;
  readonly subject: string | null;
  readonly payload: Buffer | null;
  readonly error: string | null;
};

function parkedOf({ subject, payload, error, ...row }: Row): ParkedConversation {
  const streamSeq = Number(row.stream_seq);
  return {
    conversationId: row.conversation_id,
    streamSeq,
    waiting: Number(row.waiting),
    revision: Number(row.revision),
    letter:
      subject === null || payload === null ? undefined : { streamSeq, subject, payload, error: error ?? '' },
  };
}

/** Which conversations of a partition stand still, the one that did first before the others. */
export async function listParked(
  client: Pick<ClientBase, 'query'>,
  schema: string,
  { partition }: Share,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ conversation_id: string }>(
    `select conversation_id from ${schema}.parked_conversation where partition = $1 order by stream_seq`,
    [partition],
  );
  return rows.map(({ conversation_id }) => conversation_id);
}

/** They go on: their rows have everything up to the checkpoint, at `reached`. In the caller's transaction. */
export async function unpark(
  client: ClientBase,
  schema: string,
  share: Share,
  all: readonly ParkedConversation[],
  reached: number,
): Promise<void> {
  if (all.length === 0) return;
  await forgetLetters(
    client,
    schema,
    share,
    all.map(({ streamSeq }) => streamSeq),
  );
  await client.query(
    `with gone as (
       delete from ${schema}.parked_conversation where partition = $1 and conversation_id = any ($2)
     )
     insert into ${schema}.mended_conversation (partition, conversation_id, stream_seq)
     select $1, id, $3 from unnest($2::text[]) as id
     on conflict (partition, conversation_id) do update set stream_seq = excluded.stream_seq`,
    [share.partition, all.map(({ conversationId }) => conversationId), reached],
  );
}

/** It stands still at another place, `folded` events further on: at this letter, or where a retry goes on. In the caller's transaction. */
export async function repark(
  client: ClientBase,
  schema: string,
  share: Share,
  parked: ParkedConversation,
  at: { readonly streamSeq: number; readonly folded: number; readonly letter: DeadLetter | undefined },
): Promise<void> {
  if (at.streamSeq !== parked.streamSeq) await forgetLetters(client, schema, share, [parked.streamSeq]);
  await client.query(
    `update ${schema}.parked_conversation set stream_seq = $3, waiting = greatest(0, waiting - $4)
     where partition = $1 and conversation_id = $2`,
    [share.partition, parked.conversationId, at.streamSeq, at.folded],
  );
  if (at.letter !== undefined) await writeLetters(client, schema, share, [at.letter]);
}

/** In the caller's transaction. */
export async function forgetLetters(
  client: ClientBase,
  schema: string,
  { projection, partition }: Share,
  streamSeqs: readonly number[],
): Promise<void> {
  await client.query(
    `delete from ${schema}.dead_letter
     where projection = $1 and partition = $2 and stream_seq = any ($3::bigint[])`,
    [projection, partition, streamSeqs],
  );
}
