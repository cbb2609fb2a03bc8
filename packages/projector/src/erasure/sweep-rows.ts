import type { Pool } from 'pg';

/** Rows removed by one statement, so that nobody waits long for them. */
const CHUNK = 5_000;

/**
 * Removes what is left of an erased conversation in the rows, a chunk at a time; killed in the middle, the next goes on. Nobody reads
 * these rows: nobody is a member.
 *
 * @returns false where the rows do not know yet that it was erased.
 */
export async function sweepRows(
  database: Pick<Pool, 'query'>,
  schema: string,
  conversationId: string,
): Promise<boolean> {
  const { rowCount } = await database.query(
    `select from ${schema}.conversation where conversation_id = $1 and erased_at is not null`,
    [conversationId],
  );
  if (rowCount !== 1) return false;
  for (const table of ['reaction', 'receipt', 'message'] as const) {
    for (let removed: number | null = CHUNK; removed === CHUNK; ) {
      ({ rowCount: removed } = await database.query(
        `delete from ${schema}.${table} where ctid = any (array(
          select ctid from ${schema}.${table} where conversation_id = $1 limit ${CHUNK}))`,
        [conversationId],
      ));
    }
  }
  return true;
}

/** Erased conversations that have rows left: since the rows were made anew, or because whoever swept them died. */
export async function unswept(
  database: Pick<Pool, 'query'>,
  schema: string,
  most: number,
): Promise<readonly string[]> {
  const { rows } = await database.query<{ conversation_id: string }>(
    `select c.conversation_id from ${schema}.conversation c
     where c.erased_at is not null
       and (exists (select from ${schema}.message m where m.conversation_id = c.conversation_id)
         or exists (select from ${schema}.receipt r where r.conversation_id = c.conversation_id))
     limit ${most}`,
  );
  return rows.map(({ conversation_id }) => conversation_id);
}
