import type { DirectMsgRequest, JetStreamManager, MsgRequest } from '@nats-io/jetstream';
import type { Remains } from '@parley/domain/conversation/vocabulary';
import { decodeEnvelope } from '@parley/domain/log/envelope';
import { seqOf } from '@parley/domain/log/seq-of';
import { readConversation } from '@parley/infra/log/conversation-reader';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { readBatch } from '@parley/infra/log/read-batch';
import type { Place } from '@parley/infra/log/subjects';
import { parseJson } from '@parley/infra/runtime/parse-json';
import { isRight } from 'fp-ts/lib/Either.js';

/** Messages of one subject from a sequence on, in order: `most` at most, and 1,000. */
export async function readStretch(
  jsm: JetStreamManager,
  { stream, subject }: Pick<Place, 'stream' | 'subject'>,
  from: number,
  most: number,
): Promise<readonly LoggedMessage[]> {
  const stored = await readBatch(jsm, stream, { seq: from, next_by_subj: subject });
  return stored.slice(0, most).map((message) => ({
    streamSeq: message.seq,
    subject: message.subject,
    bytes: message.data,
    storedAt: message.time.getTime(),
    pending: message.pending,
    headers: message.header,
  }));
}

/**
 * Whether a subject has a message from one sequence to another. Asked of the stream's leader: a replica may not have everything yet
 * that a checkpoint has passed.
 */
export async function hasMessage(
  jsm: JetStreamManager,
  { stream, subject }: Place,
  from: number,
  to: number,
): Promise<boolean> {
  if (from > to) return false;
  // The client's types know this question of direct reads alone; the leader answers it too.
  const question: DirectMsgRequest = { seq: from, next_by_subj: subject };
  const next = await jsm.streams.getMessage(stream, question as MsgRequest);
  return next !== null && next.seq <= to;
}

/**
 * Where the events of a conversation were that a stretch lacks, as far as the log says what is left of them: they were taken out of it
 * after the checkpoint had passed them. `revision` is the seq that the stretch follows.
 */
export async function holesIn(
  jsm: JetStreamManager,
  place: Place,
  stretch: readonly LoggedMessage[],
  revision: number,
): Promise<readonly number[]> {
  const there = new Set(stretch.map(({ bytes }) => seqOf(parseJson(bytes))));
  const last = Math.max(revision, ...[...there].map((seq) => seq ?? 0));
  const missing = new Set<number>();
  for (let seq = revision + 1; seq < last; seq++) if (!there.has(seq)) missing.add(seq);
  const places: number[] = [];
  if (missing.size === 0) return places;
  for await (const { json } of readConversation(jsm, place, stretch[0]?.streamSeq)) {
    for (const { seq, streamSeq } of remainsIn(json)) if (missing.delete(seq)) places.push(streamSeq);
    if (missing.size === 0) break;
  }
  return places;
}

function remainsIn(json: unknown): readonly Remains[] {
  if ((json as { readonly type?: unknown } | undefined)?.type !== 'message.erased') return [];
  const event = decodeEnvelope(json);
  return isRight(event) && event.right.type === 'message.erased' ? event.right.data.remains : [];
}
