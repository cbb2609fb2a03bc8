import type { Connection } from './duckdb.js';

/** How many events could not be read; the first of them are named. */
export async function countUnreadable(connection: Connection, say: (line: string) => void): Promise<number> {
  const found = await connection.runAndReadAll(
    `select partition, stream_seq, reason, count(*) over () from unreadable order by all limit ${NAMED}`,
  );
  const rows = found.getRowsJson() as [number, string, string, string][];
  for (const [partition, streamSeq, reason] of rows)
    say(`parley: event ${streamSeq} of partition ${partition} cannot be read: ${reason}`);
  const total = Number(rows[0]?.[3] ?? 0);
  if (total > rows.length) say('parley: more of them: "from unreadable"');
  return total;
}

const NAMED = 20;
