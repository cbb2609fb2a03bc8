import { type BucketId, bucketWindow } from '@parley/domain/sealing/bucket';
import type { Pool } from 'pg';

/** A conversation on legal hold, and a bucket in which messages of it expire: their key is kept when the bucket's secret goes. */
export type Hold = { readonly bucket: BucketId; readonly conversationId: string };

type Database = Pick<Pool, 'query'>;

/**
 * Which conversations need the keys of these buckets: those on hold with messages that expire in them and are there. By when messages expire
 * and not by what their bodies hang on, because the log also has the earlier versions of an edited one. Of one whose rows stand still nobody
 * knows what messages it has: on hold by its rows, or by what waits, it needs all of them.
 */
export async function holdsOf(
  database: Database,
  schema: string,
  buckets: readonly BucketId[],
): Promise<readonly Hold[]> {
  const windows = buckets.map((bucket) => bucketWindow(bucket));
  const { rows } = await database.query<{ bucket: string; conversation_id: string }>({
    name: `holds-${schema}`,
    text: `
      select b.bucket, c.conversation_id
      from ${schema}.conversation c, unnest($1::text[], $2::bigint[], $3::bigint[]) as b (bucket, after, until)
      where c.hold_since is not null and ${hasMessages(schema, 'c.conversation_id')}
      union
      select b.bucket, p.conversation_id
      from ${schema}.parked_conversation p
      left join ${schema}.conversation c on c.conversation_id = p.conversation_id,
        unnest($1::text[], $2::bigint[], $3::bigint[]) as b (bucket, after, until)
      where p.held or c.hold_since is not null`,
    values: [buckets, windows.map((window) => window?.after), windows.map((window) => window?.until)],
  });
  return rows.map(({ bucket, conversation_id: conversationId }) => ({ bucket, conversationId }));
}

/** Which of these conversations are on hold. */
export async function stillOnHold(
  database: Database,
  schema: string,
  conversationIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await database.query<{ conversation_id: string }>({
    name: `on-hold-${schema}`,
    text: `
      select conversation_id from ${schema}.conversation where conversation_id = any ($1) and hold_since is not null
      union
      select conversation_id from ${schema}.parked_conversation where conversation_id = any ($1) and held`,
    values: [conversationIds],
  });
  return new Set(rows.map(({ conversation_id }) => conversation_id));
}

/**
 * Which of these keys nobody needs any more: their conversation is not on hold and its messages in the bucket are gone from the rows. As long
 * as one is there, a hold may come before its tombstone, and would find that it cannot be opened.
 */
export async function liftedHolds(
  database: Database,
  schema: string,
  held: readonly Hold[],
): Promise<readonly Hold[]> {
  const windows = held.map(({ bucket }) => bucketWindow(bucket));
  const { rows } = await database.query<{ bucket: string; conversation_id: string }>({
    name: `lifted-holds-${schema}`,
    text: `
      select b.bucket, b.conversation_id
      from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) as b (bucket, conversation_id, after, until)
      where not (${hasMessages(schema, 'b.conversation_id')}) and (
        select c.hold_since from ${schema}.conversation c where c.conversation_id = b.conversation_id
      ) is null and not exists (
        select from ${schema}.parked_conversation p where p.conversation_id = b.conversation_id and p.held
      )`,
    values: [
      held.map(({ bucket }) => bucket),
      held.map(({ conversationId }) => conversationId),
      windows.map((window) => window?.after),
      windows.map((window) => window?.until),
    ],
  });
  return rows.map(({ bucket, conversation_id: conversationId }) => ({ bucket, conversationId }));
}

/** Asked one by one, by the index of what is due. */
const hasMessages = (schema: string, conversationId: string): string => `(
        select true from ${schema}.message x
        where x.conversation_id = ${conversationId} and x.expires_at > b.after and x.expires_at <= b.until
          and not x.expired and x.body is not null
        order by x.expires_at limit 1
      ) is not null`;
