import type { Pool } from 'pg';
import type { Share } from '../checkpoint.js';
import { lockClass } from '../ownership/session.js';

/** A lock of a share that some session holds. */
export type Owned = { readonly lockClass: number; readonly partition: number; readonly owner: string };

/** Who holds which share, by the locks that Postgres knows of: a process that dies is out of there at once. */
export async function readOwners(database: Pick<Pool, 'query'>): Promise<readonly Owned[]> {
  const { rows } = await database.query<{ class: string; partition: string; owner: string }>(
    `select l.classid as class, l.objid as partition,
       coalesce(nullif(a.application_name, ''), 'pid ' || l.pid) || coalesce(' at ' || host(a.client_addr), '') as owner
     from pg_locks l left join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.objsubid = 2 and l.granted
       and l.database = (select oid from pg_database where datname = current_database())`,
  );
  return rows.map((row) => ({
    lockClass: Number(row.class),
    partition: Number(row.partition),
    owner: row.owner,
  }));
}

export const ownerOf = (
  owners: readonly Owned[],
  version: number,
  { projection, partition }: Share,
): string | undefined =>
  owners.find((owned) => owned.lockClass === lockClass(version, projection) && owned.partition === partition)
    ?.owner;
