import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { openPublishWindow } from '../log/publish-window.js';
import { placeOf } from '../log/subjects.js';

/** Stores events in the log, each in its partition, in order. Nothing is decided and nothing expected. */
export async function storeLog(
  nats: NatsConnection,
  events: readonly Envelope[],
  partitions: number,
): Promise<void> {
  const window = openPublishWindow(nats, { queue: events.length });
  const outcomes = await Promise.all(
    events.map((event) =>
      window.publish(placeOf(event.conversationId, partitions).subject, JSON.stringify(event), NO_HEADERS),
    ),
  );
  window.close();
  const lost = outcomes.find(({ tag }) => tag !== 'stored');
  if (lost !== undefined) throw new Error(`an event was not stored: ${JSON.stringify(lost)}`);
}

const NO_HEADERS = 'NATS/1.0\r\n\r\n';
