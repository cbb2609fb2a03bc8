import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import { streamName } from '@parley/infra/log/subjects';

/** Told of each tombstone in the log, and of how many messages it is of; `storedAt` is the broker's time in ms. */
export type OnTombstone = (
  conversationId: string,
  ranges: readonly (readonly [number, number])[],
  storedAt: number,
) => void;

/** Watches what is appended from now on. */
export async function watchTombstones(nats: NatsConnection, partitions: number, onTombstone: OnTombstone) {
  const jsm = await jetstreamManager(nats);
  const stop = new AbortController();
  const watching = Array.from({ length: partitions }, async (_, partition) => {
    const stream = streamName(partition);
    const { state } = await jsm.streams.info(stream);
    return { stream, from: state.last_seq };
  });
  const done = Promise.all((await Promise.all(watching)).map(({ stream, from }) => follow(stream, from)));

  async function follow(stream: string, from: number): Promise<void> {
    for await (const batch of consumeBatches(jetstream(nats), stream, from, { signal: stop.signal })) {
      for (const { bytes, storedAt } of batch) {
        const event = JSON.parse(Buffer.from(bytes).toString()) as Envelope;
        if (event.type === 'message.expired') onTombstone(event.conversationId, event.data.ranges, storedAt);
      }
    }
  }

  return {
    async stop(): Promise<void> {
      stop.abort();
      await done;
    },
  };
}
