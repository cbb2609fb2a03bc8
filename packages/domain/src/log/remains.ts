import * as E from 'fp-ts/lib/Either.js';
import type { Remains } from '../conversation/vocabulary.js';
import { decodeEnvelope, type Envelope } from './envelope.js';

/**
 * The event as it was before it was taken out of the log, but for its body, which is an erased one. Undefined where the remains are
 * of an event that nobody can read.
 */
export function eventOfRemains(conversationId: string, remains: Remains): Envelope | undefined {
  const { streamSeq: _, ...event } = remains;
  const decoded = decodeEnvelope({ id: `${conversationId}:${remains.seq}`, conversationId, ...event });
  return E.isLeft(decoded) ? undefined : decoded.right;
}
