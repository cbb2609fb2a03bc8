import { jetstreamManager } from '@nats-io/jetstream';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';

/** Counts the events in the log, over all partitions. */
export async function openLogLength(
  natsUrl: string,
): Promise<{ count(): Promise<number>; close(): Promise<void> }> {
  const nats = await connectNats(natsUrl, 'log-length');
  const manager = await jetstreamManager(nats);
  return {
    async count() {
      const counts = await Promise.all(
        Array.from({ length: SYSTEM_PARTITIONS }, async (_, partition) => {
          const { state } = await manager.streams.info(`CONV_${String(partition).padStart(2, '0')}`);
          return state.messages;
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    close: () => nats.close(),
  };
}
