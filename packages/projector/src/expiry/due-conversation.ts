import type { Kind } from '@parley/domain/conversation/vocabulary';
import type { Pool } from 'pg';

/** A conversation in which something is due, as its row has it. */
export type DueConversation = {
  readonly conversationId: string;
  readonly partition: number;
  readonly kind: Kind;
  readonly closed: boolean;
  /** Seq and stream sequence of the newest event in the rows. */
  readonly revision: number;
  readonly changed: number;
  /** When the conversation itself ends, in ms. */
  readonly expiresAt: number | null;
  /** What has been due longest, in ms. */
  readonly nextDue: number;
};

/** How far a partition's due conversations have been looked through: the last one seen. They come in the order of being due. */
export type Cursor = Pick<DueConversation, 'partition' | 'nextDue' | 'conversationId'>;

export const fromTheStart = (partition: number): Cursor => ({ partition, nextDue: 0, conversationId: '' });

/**
 * Conversations in which something is due at `now`, in ms: `most` of each partition, from its cursor on. One statement. Held ones are left
 * out, and those whose rows stand still: what they do not know may be a hold, and nobody can decide on what they do.
 */
export async function readDue(
  database: Pick<Pool, 'query'>,
  schema: string,
  cursors: readonly Cursor[],
  now: number,
  most: number,
): Promise<readonly DueConversation[]> {
  const { rows } = await database.query<unknown[]>({
    name: `due-${schema}`,
    rowMode: 'array',
    text: `
      select c.conversation_id, c.partition, c.kind, c.closed, c.revision::float8, c.changed::float8, c.expires_at::float8,
        c.next_due::float8
      from unnest($1::smallint[], $2::bigint[], $3::text[]) as p (partition, next_due, conversation_id)
      cross join lateral (
        select * from ${schema}.conversation x
        where x.partition = p.partition and x.next_due <= $4 and x.hold_since is null and x.next_due >= p.next_due
          and (x.next_due, x.conversation_id) > (p.next_due, p.conversation_id collate "C")
          and ${follows(schema, 'x')}
        order by x.next_due, x.conversation_id limit $5
      ) c`,
    values: [
      cursors.map(({ partition }) => partition),
      cursors.map(({ nextDue }) => nextDue),
      cursors.map(({ conversationId }) => conversationId),
      now,
      most,
    ],
  });
  return rows.map(dueConversation);
}

/** Whether the rows of a conversation follow the log. */
const follows = (schema: string, conversation: string): string =>
  `not exists (select from ${schema}.parked_conversation s
    where s.partition = ${conversation}.partition and s.conversation_id = ${conversation}.conversation_id)`;

function dueConversation(row: unknown[]): DueConversation {
  const [conversationId, partition, kind, closed, revision, changed, expiresAt, nextDue] = row;
  // The kind is not known where the creation could not be projected.
  const known = { conversationId, partition, kind: kind ?? 'group', closed, revision, changed };
  return { ...known, expiresAt, nextDue } as DueConversation;
}

/** How many conversations have something due at `now`, counted up to `most`, since when, and how many are held. */
export type DueFigures = { readonly due: number; readonly oldest: number | undefined; readonly held: number };

export async function countDue(
  database: Pick<Pool, 'query'>,
  schema: string,
  partitions: readonly number[],
  now: number,
  most = 100_000,
): Promise<DueFigures> {
  const { rows } = await database.query<{ due: number; oldest: number | null; held: number }>(
    `select count(*)::int as due, min(next_due)::float8 as oldest,
       (select count(*)::int from ${schema}.conversation where hold_since is not null and partition = any ($1)) as held
     from (
       select next_due from ${schema}.conversation c
       where partition = any ($1) and next_due <= $2 and hold_since is null and ${follows(schema, 'c')} limit $3
     ) found`,
    [partitions, now, most],
  );
  const { due = 0, oldest = null, held = 0 } = rows[0] ?? {};
  return { due, oldest: oldest ?? undefined, held };
}
