import { type Queryable, rowsOf } from './queryable.js';

/**
 * Joins to a conversation `c` what the unread count of one member is made of. Unread is what came after their watermark, which
 * is where they have read to or their own newest message, whichever is later: a difference of ordinals, less what is deleted,
 * expired or due since. All that came before the oldest message without a tombstone is expired, so nobody's count begins before that:
 * where messages have lives, who never reads has a year of tombstones behind their watermark.
 *
 * @param user expression for the member's id, `read` for where they have read to, or null, `now` for the time in ms.
 */
export const unreadJoins = (schema: string, user: string, read: string, now: string): string => `
  left join lateral (${newestOwn(schema, 'c.conversation_id', user)}) own on true
  left join lateral (
    select x.seq from ${schema}.message x
    where x.conversation_id = c.conversation_id and not x.expired order by x.seq limit 1
  ) kept on true
  cross join lateral (
    select greatest(${read}, own.seq, coalesce(kept.seq - 1, c.revision)) as seq
  ) watermark
  left join lateral (
    select x.ordinal from ${schema}.message x
    where x.conversation_id = c.conversation_id and x.seq <= watermark.seq order by x.seq desc limit 1
  ) seen on true
  cross join lateral (
    select count(*) from (
      select from ${schema}.message x
      where x.conversation_id = c.conversation_id and x.seq > watermark.seq and (x.expired or x.deleted_at is not null)
      limit ${MANY_GONE}
    ) found
  ) gone
  cross join lateral (
    select count(*) from ${schema}.message x
    where x.conversation_id = c.conversation_id and x.expires_at is not null and not x.expired
      and x.deleted_at is null and x.expires_at <= ${now} and x.seq > watermark.seq
  ) due`;

/**
 * Somebody's newest message. Not `author = user`: where few people write, Postgres expects everybody's to be among the newest, and for
 * those who never wrote reads the conversation to its beginning. A range has to be looked up by the index of authors.
 */
export const newestOwn = (schema: string, conversation: string, user: string): string => `
    select x.seq from ${schema}.message x
    where x.conversation_id = ${conversation} and x.author >= ${user} and x.author <= ${user}
    order by x.author desc, x.seq desc limit 1`;

/**
 * Messages gone after a watermark from which on those that are there are counted instead: a message without a life, before many that
 * had one, keeps the floor low.
 */
const MANY_GONE = 1_000;

/** The count, where these are joined. */
export const unreadCount = (schema: string, now: string): string => `
  case when gone.count < ${MANY_GONE} then c.messages - coalesce(seen.ordinal, 0) - gone.count - due.count else (
    select count(*) from ${schema}.message x
    where x.conversation_id = c.conversation_id and x.seq > watermark.seq and not x.expired and x.deleted_at is null
      and (x.expires_at is null or x.expires_at > ${now})
  ) end`;

/** A member who has read up to a seq, whether or not the rows know that. */
export type Reader = { readonly conversationId: string; readonly user: string; readonly read: number };

/** What a member has not read, and the seq of the newest event that the rows had seen. */
export type CountedUnread = { readonly unread: number; readonly revision: number };

/** Counts for several members at once; undefined for those whose conversation the rows do not know. */
export async function readUnread(
  db: Queryable,
  {
    schema,
    now,
    readers,
  }: { readonly schema: string; readonly now: number; readonly readers: readonly Reader[] },
): Promise<readonly (CountedUnread | undefined)[]> {
  const rows = await rowsOf(db, { name: `unread-${schema}`, text: unreadSql(schema) }, [
    readers.map(({ conversationId }) => conversationId),
    readers.map(({ user }) => user),
    readers.map(({ read }) => read),
    now,
  ]);
  const counted = new Map(
    rows.map(([place, unread, revision]) => [
      Number(place),
      { unread: Number(unread), revision: Number(revision) },
    ]),
  );
  return readers.map((_, index) => counted.get(index + 1));
}

const unreadSql = (schema: string): string => `
  select w.place, ${unreadCount(schema, '$4')}, c.revision
  from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as w (conversation_id, user_id, read, place)
  join ${schema}.conversation c on c.conversation_id = w.conversation_id
  ${unreadJoins(schema, 'w.user_id', 'w.read', '$4')}`;
