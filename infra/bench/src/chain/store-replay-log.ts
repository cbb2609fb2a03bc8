import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { storeLog } from '@parley/infra/testing/store-log';
import { replayLog } from './replay-log.js';

/** Stores a replay log, some at a time. */
export async function storeReplayLog(
  nats: NatsConnection,
  events: number,
  conversations: number,
  partitions: number,
): Promise<void> {
  let chunk: Envelope[] = [];
  for (const event of replayLog(events, conversations)) {
    chunk.push(event);
    if (chunk.length < AT_ONCE) continue;
    await storeLog(nats, chunk, partitions);
    chunk = [];
  }
  if (chunk.length > 0) await storeLog(nats, chunk, partitions);
}

const AT_ONCE = 10_000;
