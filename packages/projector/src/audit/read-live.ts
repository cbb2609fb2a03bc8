import { readDigest } from '@parley/domain/log/digest';
import { streamName } from '@parley/infra/log/subjects';
import type { Pool } from 'pg';
import { readMarks } from '../digest-marks.js';
import type { LiveDigests } from './audit-partition.js';

/** What a build says it has folded of a partition, read at one moment; undefined where it has not begun. */
export async function readLive(
  database: Pool,
  schema: string,
  partition: number,
): Promise<LiveDigests | undefined> {
  const client = await database.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const { rows } = await client.query<{ stream_seq: string; digest: string }>(
      `select stream_seq, digest from ${schema}.checkpoint where projection = 'timeline' and partition = $1`,
      [partition],
    );
    const checkpoint = rows[0];
    if (checkpoint === undefined) return undefined;
    const streamSeq = Number(checkpoint.stream_seq);
    const marks = await readMarks(client, schema, partition, streamSeq - 1);
    const parked = await client.query<{ conversation_id: string; stream_seq: string }>(
      `select conversation_id, stream_seq from ${schema}.parked_conversation where partition = $1`,
      [partition],
    );
    const dropped = await client.query<{ stream_seq: string }>(
      'select stream_seq from parley.dropped_event where stream = $1',
      [streamName(partition)],
    );
    const gaps = await client.query<{ first: string; last: string }>(
      `select stream_seq as first, last from ${schema}.gap where partition = $1 order by stream_seq`,
      [partition],
    );
    return {
      marks: [...marks, { streamSeq, digest: readDigest(checkpoint.digest) }],
      parked: new Map(parked.rows.map((row) => [row.conversation_id, Number(row.stream_seq)])),
      gaps: gaps.rows.map(({ first, last }) => ({ first: Number(first), last: Number(last) })),
      dropped: new Set(dropped.rows.map((row) => Number(row.stream_seq))),
    };
  } finally {
    await client.query('rollback').catch(() => undefined);
    client.release();
  }
}
