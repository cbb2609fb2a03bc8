import type { InCall, InCallPage } from '@parley/infra/voice/roster';
import { type Queryable, rowsOf } from './queryable.js';

/** Participants given at once. */
export const IN_CALLS_PAGE = 1_000;

/** Those who are in a call of any conversation, as far as the rows have come: a page of them, after one of them. */
export async function readInCalls(
  db: Queryable,
  schema: string,
  { conversationId, participant }: Omit<InCall, 'call'>,
): Promise<InCallPage> {
  const text = `
    select s.conversation_id, s.call, s.participant
      from ${schema}.call c
      join ${schema}.call_stay s on s.conversation_id = c.conversation_id and s.call = c.call and s.left_at is null
     where c.ended_at is null and c.conversation_id >= $1 and (c.conversation_id, s.participant) > ($1, $2)
     order by c.conversation_id, s.participant
     limit ${IN_CALLS_PAGE + 1}`;
  const rows = await rowsOf(db, { name: `in-calls-${schema}`, text }, [conversationId, participant]);
  return {
    participants: rows.slice(0, IN_CALLS_PAGE).map(([id, call, seq]) => ({
      conversationId: id as string,
      call: Number(call),
      participant: Number(seq),
    })),
    hasMore: rows.length > IN_CALLS_PAGE,
  };
}
