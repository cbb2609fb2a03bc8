import type pg from 'pg';

/** A pool or a client of Postgres, as far as reading needs one. */
export type Queryable = Pick<pg.Pool, 'query'>;

/** A statement that each connection prepares once. Its name must change with its text. */
export type Prepared = { readonly name: string; readonly text: string };

/** Runs a prepared statement; rows come as arrays of text, which is a third faster than objects. */
export async function rowsOf(
  db: Queryable,
  prepared: Prepared,
  values: unknown[],
): Promise<readonly unknown[][]> {
  const { rows } = await db.query<unknown[]>({ ...prepared, values, rowMode: 'array' });
  return rows;
}
