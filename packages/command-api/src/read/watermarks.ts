import type { Watermarks } from '@parley/domain/wire/receipts';
import { type Queryable, rowsOf } from './queryable.js';
import { newestOwn } from './unread.js';

type OfMembers = {
  readonly schema: string;
  readonly conversationId: string;
  readonly users: readonly string[];
};

/**
 * How far these users have come, as far as the read model has: where they marked to, or their newest message, since who
 * sends has read what was there. Those who did neither are left out.
 */
export async function readWatermarks(
  db: Queryable,
  { schema, conversationId, users }: OfMembers,
): Promise<ReadonlyMap<string, Pick<Watermarks, 'delivered' | 'read'>>> {
  const text = `
    select u.user_id, greatest(r.delivered, own.seq), greatest(r.read, own.seq)
    from unnest($2::text[]) u (user_id)
    left join ${schema}.receipt r on r.conversation_id = $1 and r.user_id = u.user_id
    left join lateral (${newestOwn(schema, '$1', 'u.user_id')}) own on true
    where r.user_id is not null or own.seq is not null`;
  const rows = await rowsOf(db, { name: `watermarks-${schema}`, text }, [conversationId, users]);
  return new Map(
    rows.map(([user, delivered, read]) => [
      user as string,
      { delivered: Number(delivered), read: Number(read) },
    ]),
  );
}
