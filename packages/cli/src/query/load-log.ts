import { partitionOf } from '@parley/domain/log/partition';
import { streamName } from '@parley/infra/log/subjects';
import type { Vault } from '@parley/infra/vault/vault';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import type { LogAccess } from '../terminal/log-access.js';
import type { Progress } from '../terminal/progress.js';
import type { EventWriter } from './event-table.js';
import { eventsOfConversation, eventsOfPartition } from './read-events.js';
import { writeEvents } from './write-events.js';

/** Which part of the log is asked. */
export type Part = { readonly conversation?: string; readonly partition?: number; readonly since?: number };

export type LoadOptions = {
  /** Without it bodies and titles stay sealed. */
  readonly vault?: Vault | undefined;
  readonly signal: AbortSignal;
  readonly progress: (total: number) => Progress | undefined;
  /** Per partition the stream sequence that is loaded already. */
  readonly positions?: ReadonlyMap<number, number>;
  /** Told after each batch how far a partition is. */
  readonly onBatch?: (partition: number, upTo: number, events: number) => Promise<void>;
};

/**
 * Loads the log, or part of it, as it is now. In memory at a time: two batches.
 *
 * @throws CliError where there is no such partition or conversation
 */
export async function loadLog(
  writer: EventWriter,
  log: LogAccess,
  { conversation, partition, since = 0 }: Part,
  { vault, signal, progress, positions = new Map(), onBatch }: LoadOptions,
): Promise<void> {
  if (partition !== undefined && partition >= log.partitions)
    throw new CliError(`the log has the partitions 0 to ${log.partitions - 1}`, exitCodes.usage);
  const only = conversation === undefined ? partition : partitionOf(conversation, log.partitions);
  const partitions = Array.from({ length: log.partitions }, (_, n) => n).filter((n) => n === (only ?? n));
  const total = conversation === undefined ? await countEvents(log, partitions, positions) : 0;
  const bar = total > 0 ? progress(total) : undefined;
  let read = 0;
  try {
    for (const each of partitions) {
      const batches =
        conversation === undefined
          ? eventsOfPartition(log, each, positions.get(each) ?? 0, signal)
          : eventsOfConversation(log, conversation, signal);
      for await (const batch of batches) {
        await writeEvents(writer, each, batch, { vault, since });
        await onBatch?.(each, batch.at(-1)?.streamSeq ?? 0, batch.length);
        read += batch.length;
        bar?.step(batch.length);
      }
    }
  } finally {
    bar?.stop();
  }
  writer.flush();
  if (signal.aborted) throw new CliError('broken off', exitCodes.interrupted);
  if (conversation !== undefined && read === 0)
    throw new CliError(`there is no conversation ${conversation} in the log`, exitCodes.noInput);
}

/** About how many there are to read: what is not in the stream any more is not counted where all of it is read. */
async function countEvents(
  { jsm }: LogAccess,
  partitions: readonly number[],
  positions: ReadonlyMap<number, number>,
): Promise<number> {
  const counts = await Promise.all(
    partitions.map(async (partition) => {
      const { state } = await jsm.streams.info(streamName(partition));
      const after = positions.get(partition) ?? 0;
      return after === 0 ? state.messages : state.last_seq - after;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
