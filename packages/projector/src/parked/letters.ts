import { nameOfStream } from '@parley/infra/log/projected-stream';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import type { Pool } from 'pg';
import type { ProjectionName, Share } from '../checkpoint.js';
import { conversationOf } from '../timeline/decode-batch.js';

/** What a build could not take, and what stands still behind it. */
export type Letter = {
  /** `<stream>:<stream sequence>`. */
  readonly id: string;
  readonly version: number;
  readonly projection: ProjectionName;
  readonly partition: number;
  readonly streamSeq: number;
  readonly conversationId: string;
  readonly error: string;
  /** As the log has it, of one that is asked for by its place; undefined where a retry was broken off behind it. */
  readonly payload: Buffer | undefined;
  readonly parkedAt: Date;
  /** Events of its conversation that wait behind it; undefined where nothing stands still. */
  readonly waiting: number | undefined;
};

/** Where letters are: in which stream, and at which place of it. */
export type LetterPlace = { readonly share: Share; readonly stream: string; readonly streamSeq: number };

/** Reads the id of a letter; undefined where it is none. */
export function placeOfLetter(id: string): LetterPlace | undefined {
  const [, kind, label, seq] = /^(CONV|RCPT)_([0-9]+):([1-9][0-9]{0,15})$/.exec(id) ?? [];
  if (kind === undefined || label === undefined || seq === undefined) return undefined;
  const share: Share = { projection: kind === 'CONV' ? 'timeline' : 'receipts', partition: Number(label) };
  return { share, stream: `${kind}_${label}`, streamSeq: Number(seq) };
}

/** The letters of a build, oldest first: `most` at most, or the one at a place. */
export async function listLetters(
  database: Pick<Pool, 'query'>,
  version: number,
  { most, at }: { readonly most: number; readonly at?: LetterPlace },
): Promise<readonly Letter[]> {
  const schema = schemaOf(version);
  const { rows } = await database.query<Row>(
    `select coalesce(d.projection, 'timeline') as projection, coalesce(d.partition, p.partition) as partition,
       coalesce(d.stream_seq, p.stream_seq) as stream_seq, p.conversation_id, d.subject,
       case when $2::text is not null then d.payload end as payload, d.error, p.waiting,
       coalesce(p.parked_at, d.parked_at) as parked_at
     from ${schema}.dead_letter d
     full join ${schema}.parked_conversation p
       on d.projection = 'timeline' and d.partition = p.partition and d.stream_seq = p.stream_seq
     where $2::text is null
       or (coalesce(d.projection, 'timeline') = $2 and coalesce(d.partition, p.partition) = $3::int
         and coalesce(d.stream_seq, p.stream_seq) = $4::bigint)
     order by 9, 2, 3 limit $1`,
    [most, at?.share.projection, at?.share.partition, at?.streamSeq],
  );
  return rows.map((row) => letterOf(row, version));
}

type Row = {
  readonly projection: ProjectionName;
  readonly partition: number;
  readonly stream_seq: string;
  readonly conversation_id: string | null;
  readonly subject: string | null;
  readonly payload: Buffer | null;
  readonly error: string | null;
  readonly waiting: string | null;
  readonly parked_at: Date;
};

function letterOf(row: Row, version: number): Letter {
  const { projection, partition, subject, payload, error, waiting } = row;
  const streamSeq = Number(row.stream_seq);
  const named = projection === 'timeline' ? conversationOf(subject ?? '') : (subject?.split('.')[2] ?? '');
  return {
    id: `${nameOfStream({ projection, partition })}:${streamSeq}`,
    version,
    projection,
    partition,
    streamSeq,
    conversationId: row.conversation_id ?? named,
    error: error ?? 'a retry was broken off here; the next one goes on',
    payload: payload ?? undefined,
    parkedAt: row.parked_at,
    waiting: waiting === null ? undefined : Number(waiting),
  };
}
