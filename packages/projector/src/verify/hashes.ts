import type { Pair } from './compare-rows.js';
import { pagesOf, type Side } from './read-rows.js';
import type { Row, Table } from './tables.js';

/** How many rows a conversation has in each table, and the sum of their hashes: count, hash, count, hash ... */
export type Hashed = { readonly conversationId: string; readonly sums: Row };

/**
 * Every conversation of a partition, in the order of their ids by bytes, with a hash for each table: the sum over its rows, so that their
 * order does not matter, of the hash of the row as text. One pass over the keys of every table.
 *
 * @param strays conversations that have rows and no row of their own: they are looked at too
 */
export async function* hashesOf(
  { client, schema }: Side,
  tables: readonly Table[],
  partition: number,
  strays: readonly string[],
): AsyncGenerator<readonly Hashed[]> {
  const statement = `
    select c.conversation_id, ${tables.map((_, n) => `t${n}.rows, t${n}.hash`).join(', ')}
    from (
      select conversation_id from ${schema}.conversation where partition = ${partition}
      union select unnest($1::text[]) collate "C"
    ) c
    ${tables.map((table, n) => lateral(schema, table, n)).join('\n')}
    order by c.conversation_id`;
  for await (const page of pagesOf(client, statement, [strays]))
    yield page.map(([conversationId, ...sums]) => ({ conversationId: conversationId as string, sums }));
}

const lateral = (schema: string, { name, columns }: Table, n: number): string => `
  cross join lateral (
    select count(*) as rows, coalesce(sum(hashtextextended(row(${columns.map((column) => `r.${column}`).join(', ')})::text, 0)), 0) as hash
    from ${schema}.${name} r where r.conversation_id = c.conversation_id
  ) t${n}`;

/** What both sides say of each conversation that one of them has. */
export async function* merged(
  left: AsyncIterable<readonly Hashed[]>,
  right: AsyncIterable<readonly Hashed[]>,
): AsyncGenerator<{ readonly conversationId: string; readonly sums: Pair<Row | undefined> }> {
  const [one, other] = [oneByOne(left), oneByOne(right)];
  let [a, b] = await Promise.all([one.next(), other.next()]);
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compare(a.value.conversationId, b.value.conversationId);
    const [mine, theirs] = [order <= 0 ? a.value : undefined, order >= 0 ? b.value : undefined];
    yield {
      conversationId: ((mine ?? theirs) as Hashed).conversationId,
      sums: [mine?.sums, theirs?.sums],
    };
    [a, b] = await Promise.all([order <= 0 ? one.next() : a, order >= 0 ? other.next() : b]);
  }
}

/** Ids are of ASCII: their order by bytes is that of their characters. */
const compare = (one: string, other: string): number => (one === other ? 0 : one < other ? -1 : 1);

async function* oneByOne<A>(pages: AsyncIterable<readonly A[]>): AsyncGenerator<A, undefined> {
  for await (const page of pages) yield* page;
  return undefined;
}
