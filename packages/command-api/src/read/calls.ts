import type { WhyLeft } from '@parley/domain/call/call';
import { type CallPage, type CallView, MAX_CALL_PEOPLE, MAX_CALL_STAYS } from '@parley/domain/wire/calls';
import { type Queryable, rowsOf } from './queryable.js';

export type CallsQuery = {
  readonly schema: string;
  readonly conversationId: string;
  readonly reader: string;
  /** 1 to 100. */
  readonly limit: number;
  /** Calls that began before this event, and after that one. */
  readonly before?: number;
  readonly after?: number;
};

/** Calls of a conversation, newest first, each with the first who were in it. By one statement, so that all are of the same moment. */
export async function readCalls(db: Queryable, query: CallsQuery): Promise<CallPage> {
  const { schema, conversationId, reader, limit, before = Number.MAX_SAFE_INTEGER, after = 0 } = query;
  const rows = await rowsOf(db, { name: `calls-${schema}`, text: callsSql(schema) }, [
    conversationId,
    reader,
    before,
    after,
    limit + 1,
  ]);
  const found = rows.filter((values) => values[CALL] !== null);
  return {
    calls: found.slice(0, limit).map(viewOf),
    hasMore: found.length > limit,
    revision: Number(rows[0]?.[0] ?? 0),
  };
}

/** Column where the call begins, after the revision. */
const CALL = 1;

type Stay = readonly [
  user: string,
  device: string,
  joinedAt: number,
  leftAt: number | null,
  why: WhyLeft | null,
];

function viewOf(values: readonly unknown[]): CallView {
  const [call, media, by, at, endedAt, joined, people, stays] = values.slice(CALL);
  return {
    call: Number(call),
    media: media as CallView['media'],
    by: by as string,
    at: Number(at),
    joined: joined === true,
    people: Number(people),
    participants: ((stays as readonly Stay[] | null) ?? []).map(([user, device, joinedAt, leftAt, why]) => ({
      user,
      device,
      joinedAt,
      ...(leftAt === null ? {} : { leftAt }),
      ...(why === null ? {} : { why }),
    })),
    ...(endedAt === null ? {} : { endedAt: Number(endedAt) }),
  };
}

const callsSql = (schema: string): string => `
  select c.revision, k.call, k.media, k.by_user, k.at, k.ended_at, who.joined, who.people, first.stays
  from ${schema}.conversation c
  left join lateral (
    select * from ${schema}.call k where k.conversation_id = $1 and k.call < $3 and k.call > $4
    order by k.call desc limit $5
  ) k on true
  left join lateral (
    select bool_or(s.user_id = $2) as joined, count(distinct s.user_id) as people
    from ${schema}.call_stay s where s.conversation_id = $1 and s.call = k.call
  ) who on true
  left join lateral (
    select json_agg(json_build_array(s.user_id, s.device, s.joined_at, s.left_at, s.why) order by s.came, s.participant) as stays
    from (
      select t.*, dense_rank() over (order by t.came) as person
      from (
        select s.*, min(s.participant) over (partition by s.user_id) as came
        from ${schema}.call_stay s where s.conversation_id = $1 and s.call = k.call
      ) t
      order by t.came, t.participant limit ${MAX_CALL_STAYS}
    ) s where s.person <= ${MAX_CALL_PEOPLE}
  ) first on true
  where c.conversation_id = $1
  order by k.call desc`;
