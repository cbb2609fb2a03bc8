import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

/** The connection a JetStream client speaks over; the client has it but its type does not say so. */
export const connectionOf = (js: JetStreamClient): NatsConnection =>
  (js as unknown as { getConnection(): NatsConnection }).getConnection();
