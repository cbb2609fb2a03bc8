import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { pageKey } from '../../read-model/newest-page.js';
import type { Erased } from './scope.js';

/** What the database still has of erased messages. */
export type Rows = {
  /** Messages whose row has a body, as `<conversation>:<seq>`. */
  readonly withBody: ReadonlySet<string>;
  /** Rows that were replaced or removed and not vacuumed since: their bytes may still be in the files. */
  readonly dead: number;
};

/** Messages asked about by one statement. */
const AT_ONCE = 5_000;

export const messageKey = ({ conversationId, seq }: Pick<Erased, 'conversationId' | 'seq'>): string =>
  `${conversationId}:${seq}`;

/**
 * Has the database write what it holds in memory to its files, where the user it is asked as may say so (a superuser, or a member of
 * `pg_checkpoint`). Without that its files lack what was changed since its last checkpoint.
 */
export async function writeOut(database: Pick<Pool, 'query'>): Promise<boolean> {
  const may = await database.query<{ may: boolean }>(
    `select pg_has_role('pg_checkpoint', 'usage') or (select rolsuper from pg_roles where rolname = current_user) as may`,
  );
  if (may.rows[0]?.may !== true) return false;
  await database.query('checkpoint');
  return true;
}

/** Looks into the builds of the read model for bodies of these messages, and for rows that a vacuum would remove. */
export async function readRows(
  database: Pick<Pool, 'query'>,
  schemas: readonly string[],
  messages: readonly Erased[],
): Promise<Rows> {
  const withBody = new Set<string>();
  for (const schema of schemas)
    for (const key of await bodiesIn(database, schema, messages)) withBody.add(key);
  const { rows } = await database.query<{ dead: string | null }>(
    `select sum(n_dead_tup) as dead from pg_stat_user_tables where schemaname = any ($1) and relname = 'message'`,
    [schemas],
  );
  return { withBody, dead: Number(rows[0]?.dead ?? 0) };
}

async function bodiesIn(
  database: Pick<Pool, 'query'>,
  schema: string,
  messages: readonly Erased[],
): Promise<ReadonlySet<string>> {
  const withBody = new Set<string>();
  for (let from = 0; from < messages.length; from += AT_ONCE) {
    const some = messages.slice(from, from + AT_ONCE);
    const { rows } = await database.query<{ conversation_id: string; seq: string }>(
      `select conversation_id, seq from ${schema}.message
       join unnest($1::text[], $2::bigint[]) as w (conversation_id, seq) using (conversation_id, seq)
       where body is not null`,
      [some.map(({ conversationId }) => conversationId), some.map(({ seq }) => seq)],
    );
    for (const { conversation_id, seq } of rows) withBody.add(`${conversation_id}:${seq}`);
  }
  return withBody;
}

/** Nonces, of those given, that the cached pages of these conversations hold. */
export async function cachedNonces(
  redis: Redis,
  schemas: readonly string[],
  conversations: ReadonlySet<string>,
  nonces: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const conversationId of conversations) {
    for (const schema of schemas) {
      const page = (await redis.get(pageKey(schema, conversationId))) ?? '';
      for (const [, nonce = ''] of page.matchAll(/s1\.[tm][\d-]+\.([\w-]{32})/g))
        if (nonces.has(nonce)) found.add(nonce);
    }
  }
  return found;
}
