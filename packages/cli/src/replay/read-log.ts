import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { consumeBatches } from '@parley/infra/log/consume';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { placeOf, streamName } from '@parley/infra/log/subjects';
import * as E from 'fp-ts/lib/Either.js';
import type { LogAccess } from '../terminal/log-access.js';

/** An event of the log in its newest form, or why it cannot be read. `place` is the stream and its sequence. */
export type Replayed = { readonly place: string; readonly event: E.Either<string, Envelope> };

export type ReadOptions = { readonly follow: boolean; readonly signal: AbortSignal };

/** Events handed on at once. */
const BATCH = 500;

/** Events of one conversation in order, as batches; then, when following, those that come. */
export async function* readOneConversation(
  { js, jsm, partitions }: LogAccess,
  conversationId: string,
  { follow, signal }: ReadOptions,
): AsyncGenerator<readonly Replayed[]> {
  const place = placeOf(conversationId, partitions);
  const from = follow ? (await jsm.streams.info(place.stream)).state.last_seq : 0;
  let last = 0;
  let batch: Replayed[] = [];
  for await (const { streamSeq, json } of readConversation(jsm, place)) {
    if (signal.aborted) return;
    last = streamSeq;
    batch.push({ place: `${place.stream}:${streamSeq}`, event: decodeEnvelope(json) });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
  if (!follow) return;
  for await (const arrived of consumeBatches(js, place.stream, Math.max(from, last), { signal })) {
    yield arrived
      .filter(({ subject }) => subject === place.subject)
      .map(({ streamSeq, bytes }) => replayed(place.stream, streamSeq, bytes));
  }
}

/** Events of one partition in the order of its stream, as batches. */
export async function* readPartition(
  { js }: LogAccess,
  partition: number,
  options: ReadOptions,
): AsyncGenerator<readonly Replayed[]> {
  const stream = streamName(partition);
  for await (const batch of consumeBatches(js, stream, 0, options)) {
    yield batch.map(({ streamSeq, bytes }) => replayed(stream, streamSeq, bytes));
  }
}

function replayed(stream: string, streamSeq: number, bytes: Uint8Array): Replayed {
  return { place: `${stream}:${streamSeq}`, event: decodeBytes(bytes) };
}

function decodeBytes(bytes: Uint8Array): E.Either<string, Envelope> {
  try {
    return decodeEnvelope(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return E.left('it is not JSON');
  }
}
