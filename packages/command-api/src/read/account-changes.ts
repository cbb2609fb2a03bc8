import { conversationView, conversationViewsSql } from './conversation-views.js';
import {
  type Conversations,
  type ConversationsQuery,
  minePage,
  onPage,
  pageValues,
} from './conversations.js';
import { type Queryable, rowsOf } from './queryable.js';

/** How far the projections of a partition had come: stream sequences of the log and of receipts, and where their windows began. */
export type LogPlace = {
  readonly partition: number;
  readonly seq: number;
  readonly began: number;
  readonly receiptSeq: number;
  readonly receiptBegan: number;
};

export type AccountChangesQuery = ConversationsQuery & {
  /** What changed after these places; everything without them. */
  readonly since: readonly LogPlace[] | undefined;
};

export type AccountChanges = Conversations & {
  /** Conversations left after `since`, more than may be told at most. */
  readonly left: readonly string[];
  /** Where the projections stood when this was read. */
  readonly places: readonly LogPlace[];
};

/** Conversations that one answer says were left. After more than these everything is told anew. */
export const MAX_LEFT = 1_000;

/**
 * The reader's conversations that changed since some places in the log, and where the projections stand. One statement reads
 * checkpoints and rows, so both are of the same moment: what comes later is after those places.
 */
export async function readAccountChanges(db: Queryable, query: AccountChangesQuery): Promise<AccountChanges> {
  const { schema, limit, since } = query;
  const rows =
    since === undefined
      ? await rowsOf(db, { name: `account-${schema}`, text: wholeSql(schema) }, [...pageValues(query)])
      : await rowsOf(db, { name: `account-since-${schema}`, text: sinceSql(schema) }, [
          ...pageValues(query),
          since.map(({ partition }) => partition),
          since.map(({ seq }) => seq),
          since.map(({ began }) => began),
          since.map(({ receiptSeq }) => receiptSeq),
          since.map(({ receiptBegan }) => receiptBegan),
        ]);
  const [checkpoints, left] = rows[0] ?? [];
  const views = rows.filter((values) => values[VIEW] !== null);
  return {
    conversations: views.slice(0, limit).map((values) => conversationView(values, VIEW)),
    hasMore: views.length > limit,
    left: (left as readonly string[] | null) ?? [],
    places: placesOf((checkpoints as readonly Checkpoint[] | null) ?? []),
  };
}

/** Column where the view begins. */
const VIEW = 2;

/** Checkpoints, departures, and the page of `mine`: at least one row, also where no conversation changed. */
const answer = (schema: string): string => `
  select
    (select jsonb_agg(jsonb_build_array(projection, partition, stream_seq, window_began)) from ${schema}.checkpoint),
    (select array_agg(conversation_id) from gone),
    view.*
  from (select) once
  left join (${conversationViewsSql(schema, '$1', '$5')}) view on true
  order by view.last_activity_at desc, view.conversation_id desc`;

const wholeSql = (schema: string): string => `
  with ${minePage(schema)}, gone as (
    select '' as conversation_id where false
  )${answer(schema)}`;

/**
 * Candidates are members' rows marked in the token's window or later, by their index: each of them is looked up, and it has
 * changed if its newest event came after the token. So is what stood still when the token was made and was brought up to date since: its
 * events are older than the token, and nobody was told of them. The subqueries are fenced by an offset, or a plan might begin with all
 * the reader's conversations.
 */
const sinceSql = (schema: string): string => `
  with since as materialized (
    select p.partition, coalesce(s.seq, 0) as seq, coalesce(s.began, 0) as began, coalesce(s.receipt_seq, 0) as receipt_seq,
      coalesce(s.receipt_began, 0) as receipt_began
    from (select distinct partition from ${schema}.checkpoint) p
    left join unnest($6::int[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
      as s (partition, seq, began, receipt_seq, receipt_began) on s.partition = p.partition
  ), mended as materialized (
    select mended.conversation_id
    from since s
    cross join lateral (
      select m.conversation_id from ${schema}.mended_conversation m
      where m.partition = s.partition and m.stream_seq >= s.seq offset 0
    ) mended
  ), candidate as materialized (
    select marked.conversation_id
    from since s
    cross join lateral (
      select m.conversation_id from ${schema}.member m
      where m.user_id = $1 and m.partition = s.partition and m.marked >= s.began offset 0
    ) marked
    cross join lateral (
      select from ${schema}.conversation c
      where c.conversation_id = marked.conversation_id and c.changed > s.seq offset 0
    ) changed
    union
    select marked.conversation_id
    from since s
    cross join lateral (
      select r.conversation_id from ${schema}.receipt r
      where r.user_id = $1 and r.partition = s.partition and r.marked >= s.receipt_began and r.changed > s.receipt_seq offset 0
    ) marked
    union
    select conversation_id from mended
  ), mine as materialized (
    select c.*, m.role
    from candidate k
    cross join lateral (
      select * from ${schema}.conversation c where c.conversation_id = k.conversation_id offset 0
    ) c
    cross join lateral (
      select role from ${schema}.member m where m.conversation_id = k.conversation_id and m.user_id = $1 offset 0
    ) m
    where ${onPage}
  ), gone as (
    select d.conversation_id
    from since s
    cross join lateral (
      select d.conversation_id from ${schema}.departure d
      where d.user_id = $1 and d.partition = s.partition and d.changed > s.seq offset 0
    ) d
    union
    select d.conversation_id
    from mended k
    cross join lateral (
      select d.conversation_id from ${schema}.departure d
      where d.conversation_id = k.conversation_id and d.user_id = $1 offset 0
    ) d
    limit ${MAX_LEFT + 1}
  )${answer(schema)}`;

type Checkpoint = readonly [projection: string, partition: number, streamSeq: number, windowBegan: number];

function placesOf(checkpoints: readonly Checkpoint[]): readonly LogPlace[] {
  const at = (projection: string, partition: number) =>
    checkpoints.find((one) => one[0] === projection && one[1] === partition);
  const partitions = [...new Set(checkpoints.map(([, partition]) => partition))].toSorted((a, b) => a - b);
  return partitions.map((partition) => {
    const [, , seq, began] = at('timeline', partition) ?? nowhere;
    const [, , receiptSeq, receiptBegan] = at('receipts', partition) ?? nowhere;
    return { partition, seq, began, receiptSeq, receiptBegan };
  });
}

const nowhere: Checkpoint = ['', 0, 0, 0];
