import type { JetStreamManager } from '@nats-io/jetstream';
import { eventAt, eventNear, type StoredEvent, storedAt } from '@parley/infra/log/conversation-reader';
import type { Place } from '@parley/infra/log/subjects';
import type { Known } from './folded-store.js';

/**
 * The event at a seq that a state remembers: one round trip where it is the newest, or where the broker's clock and ours
 * agree on when it was; else a search by halves.
 */
export async function eventOfDeed(
  jsm: JetStreamManager,
  place: Place,
  { state, streamSeq }: Known<{ readonly revision: number }>,
  { seq, at }: { readonly seq: number; readonly at: number },
): Promise<StoredEvent | undefined> {
  if (seq === state.revision) return storedAt(jsm, place, streamSeq);
  return (await eventNear(jsm, place, seq, at)) ?? eventAt(jsm, place, seq, streamSeq);
}
