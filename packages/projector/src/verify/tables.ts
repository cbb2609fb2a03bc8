import type { ClientBase } from 'pg';

/** A table that two builds have, by what both have of it. */
export type Table = {
  readonly name: string;
  /** Columns compared, those of the key among them. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** Whether its rows are found by their conversation, or else by their partition. */
  readonly of: 'conversation' | 'partition';
};

/** A row as Postgres writes its values, in the order of the table's columns. */
export type Row = readonly (string | null)[];

/**
 * Columns that say nothing about the log, so that two right builds differ in them. Whatever else may differ is compared, and then
 * excused row by row: see tolerances.ts.
 */
export const leftOut: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  checkpoint: {
    updated_at: 'when the row was written',
    interventions: 'how often an operator changed something in that build',
  },
  dead_letter: {
    parked_at: 'when the row was written',
    error: 'the words of the code that could not take it, which change from release to release',
  },
  parked_conversation: { parked_at: 'when the row was written' },
};

/** Tables that tell of the build and not of the log. */
export const tablesLeftOut: Readonly<Record<string, string>> = {
  migration: 'which migrations made the build',
  digest_mark: 'the digest on the way, at ends of batches; the last of it is in the checkpoint',
  mended_conversation: 'what an operator mended in that build',
};

/**
 * The tables that all these schemas have, with the columns that all have: of builds of different models what they have in common. From the
 * catalogue, so that a column which is new is compared.
 *
 * @throws for a table of which nobody said how its rows are found
 */
export async function commonTables(
  client: Pick<ClientBase, 'query'>,
  schemas: readonly string[],
): Promise<readonly Table[]> {
  const { rows } = await client.query<Described>(described, [[...new Set(schemas)]]);
  return rows
    .filter(({ name, schemas: there }) => there === new Set(schemas).size && !(name in tablesLeftOut))
    .map(({ name, columns, key }) => ({
      name,
      columns: columns.filter((column) => leftOut[name]?.[column] === undefined),
      key,
      of: foundBy(name, columns, key),
    }));
}

type Described = {
  readonly name: string;
  readonly schemas: number;
  readonly columns: readonly string[];
  readonly key: readonly string[];
};

function foundBy(name: string, columns: readonly string[], key: readonly string[]): Table['of'] {
  if (key[0] === 'conversation_id') return 'conversation';
  if (columns.includes('partition')) return 'partition';
  throw new Error(`rows of ${name} are found neither by a conversation nor by a partition`);
}

/** Columns that are in as many schemas as the table is. */
const described = `
  with tables as (
    select c.oid, c.relname::text as name from pg_class c
    where c.relnamespace = any (select oid from pg_namespace where nspname = any ($1::text[]))
      and c.relkind = 'r'
  ), columns as (
    select t.name, a.attname::text as attname, count(*) as schemas, min(a.attnum) as place,
      min(array_position(k.conkey, a.attnum)) as in_key
    from tables t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_constraint k on k.conrelid = t.oid and k.contype = 'p'
    group by t.name, a.attname
  ), tally as (
    select name, count(*)::int as schemas from tables group by name
  )
  select t.name, t.schemas,
    array_agg(c.attname order by c.place, c.attname) filter (where c.schemas = t.schemas) as columns,
    array_agg(c.attname order by c.in_key) filter (where c.in_key is not null) as key
  from tally t join columns c on c.name = t.name
  group by t.name, t.schemas order by t.name`;
