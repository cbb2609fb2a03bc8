import type { ClientBase } from 'pg';

/** Columns that say when or by which run something was written, not what. */
const BESIDE_THE_POINT: Readonly<Record<string, readonly string[]>> = {
  checkpoint: ['updated_at'],
  dead_letter: ['parked_at'],
  parked_conversation: ['parked_at'],
};

/** All rows of a build as text, by table, in the order of their text. Marks of the digest depend on how the log was cut. */
export async function rowsOfBuild(
  client: Pick<ClientBase, 'query'>,
  schema: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = $1 and tablename not in ('migration', 'digest_mark') order by 1`,
    [schema],
  );
  const found: Record<string, readonly string[]> = {};
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(
      `select (to_jsonb(t) - $1::text[])::text as row from ${schema}.${name} t order by 1`,
      [BESIDE_THE_POINT[name] ?? []],
    );
    found[name] = rows.map(({ row }) => row);
  }
  return found;
}
