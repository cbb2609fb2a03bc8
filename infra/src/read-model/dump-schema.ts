import type pg from 'pg';

/**
 * The tables and indexes of a schema as SQL, as the server's catalogue has them, in an order that does not depend on the
 * order of the migrations. Names are unqualified, so that every read model version gives the same text.
 */
export async function dumpSchema(client: Pick<pg.Client, 'query'>, schema: string): Promise<string> {
  const { rows } = await client.query<Part>(parts, [schema]);
  const tables = [...new Set(rows.map(({ relname }) => relname))];
  return tables.map((name) => tableSql(rows.filter(({ relname }) => relname === name))).join('\n');
}

type Part = { readonly relname: string; readonly kind: 'table' | 'inside' | 'index'; readonly line: string };

function tableSql(parts: readonly Part[]): string {
  const lines = (kind: Part['kind']) => parts.filter((part) => part.kind === kind).map(({ line }) => line);
  const [name, options = ''] = lines('table')[0]?.split('\n') ?? [];
  const inside = lines('inside').map((line) => `  ${line}`);
  const indexes = lines('index').map((line) => `${line};\n`);
  return [`create table ${name} (\n${inside.join(',\n')}\n)${options};\n`, ...indexes].join('');
}

const parts = `
  with tables as (
    select oid, relname, reloptions from pg_class
    where relnamespace = $1::regnamespace and relkind = 'r' and relname <> 'migration'
  ), parts as (
    select relname, 'table' as kind, 0 as rank, 0 as place,
      relname || coalesce(E'\\n with (' || array_to_string(reloptions, ', ') || ')', '') as line
    from tables
    union all
    select t.relname, 'inside', 1, a.attnum,
      a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
      || case when o.collname <> 'default' then ' collate "' || o.collname || '"' else '' end
      || case when a.attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
    from tables t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_collation o on o.oid = a.attcollation
    left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
    union all
    select t.relname, 'inside', 2, 0, 'constraint ' || n.conname || ' ' || pg_get_constraintdef(n.oid)
    from tables t join pg_constraint n on n.conrelid = t.oid where n.contype in ('p', 'u', 'c', 'f')
    union all
    select t.relname, 'index', 3, 0, pg_get_indexdef(i.indexrelid)
    from tables t join pg_index i on i.indrelid = t.oid
    where not exists (select from pg_constraint n where n.conindid = i.indexrelid)
  )
  select relname, kind, replace(line, $1 || '.', '') as line
  from parts order by relname collate "C", rank, place, line collate "C"`;
