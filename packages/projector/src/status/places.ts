import type { Pool } from 'pg';
import type { Share } from '../checkpoint.js';

/** Where a share stands, and what is wrong with it. */
export type SharePlace = {
  readonly streamSeq: number;
  readonly events: number;
  readonly digest: string | undefined;
  readonly parked: number;
  readonly letters: number;
  readonly gaps: number;
};

export type Places = ReadonlyMap<string, SharePlace>;

/** Where all shares of a version stand that have begun. */
export async function readPlaces(database: Pick<Pool, 'query'>, schema: string): Promise<Places> {
  const { rows } = await database.query<Record<string, string>>(
    `select c.projection, c.partition, c.stream_seq, c.events, c.digest,
       (select count(*) from ${schema}.dead_letter d where d.projection = c.projection and d.partition = c.partition) as letters,
       case c.projection when 'timeline' then
         (select count(*) from ${schema}.parked_conversation p where p.partition = c.partition) else 0 end as parked,
       case c.projection when 'timeline' then
         (select coalesce(sum(g.last - g.stream_seq + 1), 0) from ${schema}.gap g where g.partition = c.partition) else 0 end as gaps
     from ${schema}.checkpoint c`,
  );
  return new Map(
    rows.map((row) => [
      `${row.projection}/${row.partition}`,
      {
        streamSeq: Number(row.stream_seq),
        events: Number(row.events),
        digest: row.projection === 'timeline' ? row.digest : undefined,
        parked: Number(row.parked),
        letters: Number(row.letters),
        gaps: Number(row.gaps),
      },
    ]),
  );
}

export const placeOf = (places: Places, { projection, partition }: Share): SharePlace =>
  places.get(`${projection}/${partition}`) ?? nowhere;

const nowhere: SharePlace = { streamSeq: 0, events: 0, digest: undefined, parked: 0, letters: 0, gaps: 0 };
