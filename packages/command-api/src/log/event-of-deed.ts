import type { JetStreamManager } from '@nats-io/jetstream';
import { eventAt, type StoredEvent, storedAt } from '@parley/infra/log/conversation-reader';
import type { Place } from '@parley/infra/log/subjects';
import { headOf, type Known } from './folded-store.js';

/** The event at a seq that a state remembers: one round trip where it is the newest, else a search. */
export const eventOfDeed = (
  jsm: JetStreamManager,
  place: Place,
  { state, streamSeq }: Known<{ readonly revision: number }>,
  { seq }: { readonly seq: number },
): Promise<StoredEvent | undefined> =>
  seq === state.revision
    ? storedAt(jsm, place, streamSeq)
    : eventAt(jsm, place, seq, headOf({ state, streamSeq }));
