import type { ClientBase } from 'pg';
import type { ProjectionName } from '../checkpoint.js';
import { donePostponed } from './postponed.js';

/** The tables that a projection writes, and those it shares with others, of which it has the rows with its name. */
const own: Readonly<Record<ProjectionName, readonly string[]>> = {
  timeline: [
    'conversation',
    'member',
    'ban',
    'departure',
    'message',
    'reaction',
    'pin',
    'call',
    'call_stay',
    'gap',
    'parked_conversation',
    'mended_conversation',
    'digest_mark',
  ],
  receipts: ['receipt'],
};
const shared = ['checkpoint', 'dead_letter'] as const;

/** A projection cannot be taken from the served version: it has other tables for it there. */
export class TablesDiffer extends Error {
  override readonly name = 'TablesDiffer';
}

/**
 * @throws TablesDiffer where the projection's tables do not have the same columns in both builds
 */
export async function requireSameTables(
  client: ClientBase,
  projection: ProjectionName,
  from: string,
  to: string,
): Promise<void> {
  for (const table of [...own[projection], ...shared]) {
    const [there, here] = [await columnsOf(client, from, table), await columnsOf(client, to, table)];
    if (there.join() === here.join()) continue;
    throw new TablesDiffer(
      `${projection} cannot be copied from ${from}: ${table} has other columns there; rebuild it too, by its name or by none`,
    );
  }
}

/** Copies rows, checkpoints and dead letters of a projection as they are in one snapshot of the served build. */
export async function copyProjection(
  client: ClientBase,
  projection: ProjectionName,
  from: string,
  to: string,
): Promise<void> {
  await client.query('begin isolation level repeatable read');
  try {
    for (const table of own[projection]) await copyTable(client, from, to, table);
    for (const table of shared) await copyTable(client, from, to, table, projection);
    await donePostponed(client, to, 'copy', projection);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function copyTable(
  client: ClientBase,
  from: string,
  to: string,
  table: string,
  projection?: ProjectionName,
): Promise<void> {
  const columns = (await columnsOf(client, from, table)).map((column) => column.split(' ')[0]).join(', ');
  const which = projection === undefined ? '' : ` where projection = '${projection}'`;
  await client.query(
    `insert into ${to}.${table} (${columns}) select ${columns} from ${from}.${table}${which}`,
  );
}

/** Names and types, in the order of the names. */
async function columnsOf(client: ClientBase, schema: string, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ column: string }>(
    `select attname || ' ' || format_type(atttypid, atttypmod) as column from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attname`,
    [`${schema}.${table}`],
  );
  return rows.map(({ column }) => column);
}
