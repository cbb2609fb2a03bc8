import { randomInt } from 'node:crypto';
import { partitionOf } from '@parley/domain/log/partition';
import { firstAfter } from '@parley/infra/log/projected-stream';
import { streamName } from '@parley/infra/log/subjects';
import { partitionsOf, type VerifyWork } from './verify-work.js';

/**
 * Conversations to look at, by partition: the biggest, the newest, and some by chance, of the rows and of the log, which may have some that the
 * rows lack. About so many; fewer where there are fewer.
 */
export async function sampleOf(
  work: VerifyWork,
  schema: string,
  wanted: number,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const few = Math.ceil(wanted / 4);
  const ordered = async (by: string) => {
    const { rows } = await work.sessions[0].client.query<{ id: string }>(
      `select conversation_id as id from ${schema}.conversation where $1::int is null or partition = $1 order by ${by} limit ${few}`,
      [work.partition ?? null],
    );
    return rows.map(({ id }) => id);
  };
  const ids = [
    ...(await ordered('messages desc')),
    ...(await ordered('last_activity_at desc')),
    ...(await ordered('random()')),
    ...(await fromLog(work, few)),
  ];
  const some = [...new Set(ids)].slice(0, Math.max(1, wanted)).toSorted();
  return Map.groupBy(some, (id) => partitionOf(id, work.partitions));
}

/** By events that are chosen by chance. */
async function fromLog(work: VerifyWork, wanted: number): Promise<readonly string[]> {
  const partitions = partitionsOf(work);
  const ids = await Promise.all(
    Array.from({ length: wanted }, async () => {
      const partition = partitions[randomInt(partitions.length)] as number;
      const { state } = await work.jsm.streams.info(streamName(partition));
      if (state.messages === 0) return [];
      const after = randomInt(state.first_seq - 1, state.last_seq);
      const found = await firstAfter(work.jsm, { projection: 'timeline', partition }, after);
      return found === undefined ? [] : [found.subject.split('.', 3)[2] as string];
    }),
  );
  return ids.flat();
}
