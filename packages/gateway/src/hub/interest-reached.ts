import type { NatsConnection } from '@nats-io/transport-node';
import { within } from '../within.js';

/** Milliseconds until the broker must have taken note. */
const WITHIN_MS = 2_000;

/**
 * Makes the question whether the broker has taken note of every subscription made so far. Who asks in the same event-loop tick
 * shares one round trip: a person may enter thousands of conversations at once.
 */
export function openInterestReached(nats: Pick<NatsConnection, 'flush'>): () => Promise<boolean> {
  let shared: Promise<boolean> | undefined;
  return () => {
    shared ??= new Promise((resolve) => {
      setImmediate(() => {
        shared = undefined;
        resolve(within(nats.flush(), WITHIN_MS));
      });
    });
    return shared;
  };
}
