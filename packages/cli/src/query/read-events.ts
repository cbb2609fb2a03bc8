import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { placeOf, streamName } from '@parley/infra/log/subjects';
import * as E from 'fp-ts/lib/Either.js';
import type { LogAccess } from '../terminal/log-access.js';

/** An event in its newest form, or why it cannot be read. */
export type StoredEvent = { readonly streamSeq: number; readonly event: E.Either<string, Envelope> };

/** Events of a partition behind a place of its stream, in order, up to where that ends now; in batches. */
export async function* eventsOfPartition(
  { js }: LogAccess,
  partition: number,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEvent[]> {
  for await (const batch of consumeBatches(js, streamName(partition), after, { follow: false, signal })) {
    yield batch.map(({ streamSeq, bytes }) => ({ streamSeq, event: decodeBytes(bytes) }));
  }
}

/** Events of a conversation, in order, as batches. */
export async function* eventsOfConversation(
  { jsm, partitions }: LogAccess,
  conversationId: string,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredEvent[]> {
  let batch: StoredEvent[] = [];
  for await (const { streamSeq, json } of readConversation(jsm, placeOf(conversationId, partitions))) {
    if (signal.aborted) return;
    batch.push({ streamSeq, event: decodeEnvelope(json) });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

const BATCH = 2_000;

const text = new TextDecoder();

function decodeBytes(bytes: Uint8Array): E.Either<string, Envelope> {
  try {
    return decodeEnvelope(JSON.parse(text.decode(bytes)));
  } catch {
    return E.left('it is not JSON');
  }
}
