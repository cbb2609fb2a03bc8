import { JetStreamApiError } from '@nats-io/jetstream';

/**
 * The broker's codes for a message whose subject has moved on: the last sequence is not the expected one (10071), and, of a
 * stream of several copies, another message of the subject is being written (10164).
 */
export const WRONG_SEQUENCE: readonly number[] = [10071, 10164];

export const isWrongSequence = (error: unknown): boolean =>
  error instanceof JetStreamApiError && WRONG_SEQUENCE.includes(error.code);
