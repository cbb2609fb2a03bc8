import type { ClientBase } from 'pg';
import type { Moved } from './write-changes.js';

/** Somebody who is no member any more, since the stream sequence `at`. */
export type Gone = Moved & { readonly at: number };

/** Keeps who left what, for those who were not there to hear it, until they return. */
export async function writeDepartures(
  client: ClientBase,
  schema: string,
  partition: number,
  { gone, come }: { readonly gone: readonly Gone[]; readonly come: readonly Moved[] },
): Promise<void> {
  if (come.length > 0) {
    await client.query({
      name: `departure-end-${schema}`,
      text: `delete from ${schema}.departure d using unnest($1::text[], $2::text[]) as come (conversation_id, user_id)
        where d.conversation_id = come.conversation_id and d.user_id = come.user_id`,
      values: [come.map(({ conversationId }) => conversationId), come.map(({ user }) => user)],
    });
  }
  if (gone.length > 0) {
    await client.query({
      name: `departure-upsert-${schema}`,
      text: `insert into ${schema}.departure as d (conversation_id, user_id, partition, changed)
        select conversation_id, user_id, $4, changed
        from unnest($1::text[], $2::text[], $3::bigint[]) as gone (conversation_id, user_id, changed)
        on conflict (conversation_id, user_id) do update set changed = excluded.changed`,
      values: [
        gone.map(({ conversationId }) => conversationId),
        gone.map(({ user }) => user),
        gone.map(({ at }) => at),
        partition,
      ],
    });
  }
}
