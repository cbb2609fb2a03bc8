import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { streamName } from '@parley/infra/log/subjects';
import type { Pool } from 'pg';

export type RowsAndLog = {
  readonly jsm: JetStreamManager;
  readonly database: Pick<Pool, 'query'>;
  readonly schema: string;
  readonly partitions: number;
  /** Ms for which rows that are behind are waited for; 2 s unless said. */
  readonly patience?: number;
};

/** Ms between looks at the checkpoints. */
const LOOK = 50;

/**
 * Waits a moment for the rows to have everything that the log has now: what is decided on the rows afterwards misses nothing that
 * happened before this was called. False where they do not come that far: they are behind, or being made anew.
 *
 * @throws when log or database do not answer.
 */
export async function rowsReachLog(resources: RowsAndLog, signal: AbortSignal): Promise<boolean> {
  const ends = await endsOfLog(resources);
  for (const until = performance.now() + (resources.patience ?? 2_000); ; ) {
    const reached = await checkpoints(resources);
    if (ends.every((end, partition) => (reached.get(partition) ?? 0) >= end)) return true;
    if (signal.aborted || performance.now() > until) return false;
    await sleep(LOOK);
  }
}

async function endsOfLog({ jsm, partitions }: RowsAndLog): Promise<readonly number[]> {
  const streams = Array.from({ length: partitions }, (_, partition) => streamName(partition));
  return Promise.all(streams.map(async (stream) => (await jsm.streams.info(stream)).state.last_seq));
}

async function checkpoints({ database, schema }: RowsAndLog): Promise<ReadonlyMap<number, number>> {
  const { rows } = await database.query<{ partition: number; stream_seq: string }>(
    `select partition, stream_seq from ${schema}.checkpoint where projection = 'timeline'`,
  );
  return new Map(rows.map(({ partition, stream_seq }) => [partition, Number(stream_seq)]));
}
