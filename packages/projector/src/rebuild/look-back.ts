import type { ClientBase } from 'pg';
import type { Rebuilt } from './report.js';

/** Ids of incomplete conversations that are named. */
const NAMED = 20;

/** What a build could not make of the log. */
export async function lookBack(
  client: ClientBase,
  schema: string,
): Promise<Pick<Rebuilt, 'parked' | 'missing' | 'incomplete'>> {
  const { rows } = await client.query<{ parked: string; missing: string; incomplete: string }>(
    `select (select count(*) from ${schema}.dead_letter) as parked,
       (select coalesce(sum(last - stream_seq + 1), 0) from ${schema}.gap) as missing,
       (select count(*) from ${schema}.conversation where ${BEGINNING_LOST}) as incomplete`,
  );
  const { rows: some } = await client.query<{ id: string }>(
    `select conversation_id as id from ${schema}.conversation where ${BEGINNING_LOST} order by 1 limit ${NAMED}`,
  );
  return {
    parked: Number(rows[0]?.parked),
    missing: Number(rows[0]?.missing),
    incomplete: { count: Number(rows[0]?.incomplete), some: some.map(({ id }) => id) },
  };
}

/** The event by which it began was not there to be folded. */
const BEGINNING_LOST = 'kind is null and erased_at is null';
