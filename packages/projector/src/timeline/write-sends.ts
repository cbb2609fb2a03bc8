import { digestHex } from '@parley/domain/log/digest';
import type { ClientBase } from 'pg';
import { type CheckpointMove, Superseded } from '../checkpoint.js';
import type { ConversationChanges, TimelineChanges } from './changes.js';
import { messageColumnsOf } from './message-columns.js';

/** Whether a batch does nothing but send messages, as most do. */
export const onlySends = (changes: TimelineChanges): boolean => changes.values().every(onlySendsIn);

const onlySendsIn = (one: ConversationChanges): boolean =>
  one.kind === undefined &&
  one.title === undefined &&
  one.ttl === undefined &&
  one.closed === undefined &&
  one.members.size + one.bans.size + one.amended.size + one.expired.length + one.reactions.size === 0;

/**
 * Moves the checkpoint and writes messages and conversations by one statement, which is its own transaction: one
 * exchange with the database where the general way takes five. Nothing is written where the checkpoint does not move.
 *
 * @throws Superseded when it is not where the move says.
 */
export async function writeSends(
  client: ClientBase,
  schema: string,
  { share, from, to }: CheckpointMove,
  changes: TimelineChanges,
): Promise<void> {
  const all = [...changes.values()];
  const { rows } = await client.query<{ moved: boolean }>({
    name: `sends-${schema}`,
    text: `with moved as (
        update ${schema}.checkpoint set stream_seq = $4, events = $5, digest = $6, updated_at = now()
        where projection = $1 and partition = $2 and stream_seq = $3
        returning 1
      ), sent as (
        insert into ${schema}.message (conversation_id, seq, ordinal, author, at, sent_at, reply_to, expires_at, edited_at,
          deleted_at, expired, body)
        select m.* from unnest($7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::bigint[], $12::bigint[],
          $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::boolean[], $18::text[]) m
        where exists (select from moved)
        on conflict (conversation_id, seq) do nothing
      ), touched as (
        insert into ${schema}.conversation as c (conversation_id, revision, messages, last_activity_at)
        select b.* from unnest($19::text[], $20::bigint[], $21::bigint[], $22::bigint[]) b
        where exists (select from moved)
        on conflict (conversation_id) do update set
          revision = greatest(c.revision, excluded.revision),
          messages = greatest(c.messages, excluded.messages),
          last_activity_at = greatest(c.last_activity_at, excluded.last_activity_at)
      )
      select exists (select from moved) as moved`,
    values: [
      share.projection,
      share.partition,
      from.streamSeq,
      to.streamSeq,
      to.events,
      digestHex(to.digest),
      ...messageColumnsOf(all),
      all.map(({ conversationId }) => conversationId),
      all.map(({ revision }) => revision),
      all.map(({ messages }) => messages),
      all.map(({ lastActivityAt }) => lastActivityAt),
    ],
  });
  if (rows[0]?.moved !== true) throw new Superseded(share);
}
