import type { ClientBase } from 'pg';
import type { ConversationChanges } from './changes.js';

/** Writes what is pinned and what no longer is, after the messages: only one that is there is pinned, and the first who pins it does. */
export async function writePins(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
): Promise<void> {
  const pins = all.flatMap(({ conversationId, pins }) =>
    [...pins].map(([seq, change]) => ({ conversationId, seq, ...change })),
  );
  const unpinned = pins.filter(({ wasUnpinned }) => wasUnpinned);
  if (unpinned.length > 0) {
    await client.query(
      `delete from ${schema}.pin p using unnest($1::text[], $2::bigint[]) as u (conversation_id, seq)
       where p.conversation_id = u.conversation_id and p.seq = u.seq`,
      [unpinned.map(({ conversationId }) => conversationId), unpinned.map(({ seq }) => seq)],
    );
  }
  const pinned = pins.flatMap(({ pin, ...place }) => (pin === undefined ? [] : [{ ...place, ...pin }]));
  if (pinned.length > 0) {
    await client.query(
      `insert into ${schema}.pin (conversation_id, seq, by_user, at)
       select p.* from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[]) as p (conversation_id, seq, by_user, at)
       join ${schema}.message m on m.conversation_id = p.conversation_id and m.seq = p.seq
       where m.deleted_at is null and not m.expired
       on conflict do nothing`,
      [
        pinned.map(({ conversationId }) => conversationId),
        pinned.map(({ seq }) => seq),
        pinned.map(({ by }) => by),
        pinned.map(({ at }) => at),
      ],
    );
  }
}
