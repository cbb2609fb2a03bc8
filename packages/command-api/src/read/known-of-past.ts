import type { KeptMove } from '@parley/domain/history/watermarks-then';
import { type Queryable, rowsOf } from './queryable.js';

export type PastQuestion = {
  readonly schema: string;
  readonly conversationId: string;
  /** Messages to be told of. */
  readonly seqs: readonly number[];
  readonly users: readonly string[];
  /** Seq of the newest event of the moment. */
  readonly upTo: number;
};

/** What the rows know by now of a moment that is past. */
export type KnownOfPast = {
  /** Which of the messages are neither deleted nor expired, and which are; of others the rows do not know yet. */
  readonly there: ReadonlySet<number>;
  readonly gone: ReadonlySet<number>;
  /** Whether any message up to the moment is gone: receipts of it may be forgotten. */
  readonly isAnyGone: boolean;
  /** The newest moves of these people's watermarks, oldest first. */
  readonly moves: ReadonlyMap<string, readonly KeptMove[]>;
};

/** One statement, so that all is of the same moment. */
export async function readKnownOfPast(db: Queryable, question: PastQuestion): Promise<KnownOfPast> {
  const { schema, conversationId, seqs, users, upTo } = question;
  const text = `
    select case when m.expired or m.deleted_at is not null then 3 else 0 end, m.seq::text, null from ${schema}.message m
    where m.conversation_id = $1 and m.seq = any ($2)
    union all
    select 1, r.user_id, r.moves::text[] from ${schema}.receipt r
    where r.conversation_id = $1 and r.user_id = any ($3)
    union all
    (select 2, null, null from ${schema}.message m
    where m.conversation_id = $1 and m.seq <= $4 and (m.expired or m.deleted_at is not null) limit 1)`;
  const rows = await rowsOf(db, { name: `known-of-past-${schema}`, text }, [
    conversationId,
    seqs,
    users,
    upTo,
  ]);
  const ofKind = (kind: number) => rows.filter((values) => Number(values[0]) === kind);
  return {
    there: new Set(ofKind(0).map((values) => Number(values[1]))),
    gone: new Set(ofKind(3).map((values) => Number(values[1]))),
    isAnyGone: ofKind(2).length > 0,
    moves: new Map(
      ofKind(1).map((values) => [values[1] as string, movesOf((values[2] ?? []) as readonly string[])]),
    ),
  };
}

/** Delivered, read and time, one move after the other. */
const movesOf = (flat: readonly string[]): readonly KeptMove[] =>
  Array.from({ length: Math.floor(flat.length / 3) }, (_, move) => ({
    delivered: Number(flat[3 * move]),
    read: Number(flat[3 * move + 1]),
    at: Number(flat[3 * move + 2]),
  }));
