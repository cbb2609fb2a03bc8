import type { JetStreamManager } from '@nats-io/jetstream';
import { addDigest } from '@parley/domain/log/digest';
import { partitionLabel } from '@parley/domain/log/partition';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { nameOfStream } from '@parley/infra/log/projected-stream';
import type { Place } from '@parley/infra/log/subjects';
import { type Checkpoint, intervene, lockCheckpoint, type Share } from '../checkpoint.js';
import { claimRemains } from '../claims.js';
import { forgetMarks } from '../digest-marks.js';
import { gapsAmong, writeGaps } from '../gaps.js';
import { inTransaction } from '../in-transaction.js';
import type { Target } from '../project-batch.js';
import type { Projection } from '../projection.js';
import { conversationOf } from '../timeline/decode-batch.js';
import { timeline } from '../timeline/projection.js';
import type { DeadLetter } from './dead-letter.js';
import { type ParkedConversation, readParked, repark, unpark } from './parked-conversation.js';
import { hasMessage, holesIn, readStretch } from './stretch.js';

export type RetryResources = Target & {
  readonly jsm: JetStreamManager;
  /** How events are read and folded: as the owner of the share does it. */
  readonly projection?: Projection;
};

/** A conversation that stands still, and its next events. */
export type Stretch = {
  readonly parked: ParkedConversation;
  readonly place: Place;
  readonly messages: readonly LoggedMessage[];
  /** Where events of it were that the log does not have any more. */
  readonly holes: readonly number[];
};

/** What a step made of a conversation. `letter`: what it stands still at now; without one there is more to fold. */
export type Step =
  | { readonly tag: 'mended'; readonly folded: number }
  | { readonly tag: 'moved'; readonly folded: number; readonly letter: DeadLetter | undefined };

/** The next events of a conversation: `most` at most. */
export async function stretchOf(
  { jsm, share }: RetryResources,
  parked: ParkedConversation,
  most: number,
): Promise<Stretch> {
  const place = placeIn(share, parked);
  const messages = await readStretch(jsm, place, parked.streamSeq, most);
  return { parked, place, messages, holes: await holesIn(jsm, place, messages, parked.revision) };
}

const placeIn = (share: Share, { conversationId }: ParkedConversation): Place => ({
  partition: share.partition,
  stream: nameOfStream(share),
  subject: `conv.${partitionLabel(share.partition)}.${conversationId}`,
});

/**
 * Folds the next events of conversations that stand still as one batch, and lets those go on that have everything up to the checkpoint
 * then. One transaction, which holds the checkpoint: the partition waits for it.
 *
 * @param refused why the database does not take them, where that is known: the first event parks its conversation again then.
 * @returns what became of each, by its id; nothing of one that somebody else has moved meanwhile.
 * @throws what the database refuses; nothing was done then.
 */
export function foldParked(
  { client, schema, share, jsm, projection = timeline }: RetryResources,
  stretches: readonly Stretch[],
  refused?: string,
): Promise<ReadonlyMap<string, Step>> {
  return inTransaction(client, async () => {
    const from = await lockCheckpoint(client, schema, share);
    const now = await readParked(
      client,
      schema,
      share,
      stretches.map(({ parked }) => parked.conversationId),
    );
    const mine = stretches.filter(
      ({ parked }) => now.get(parked.conversationId)?.streamSeq === parked.streamSeq,
    );
    const messages = mine
      .flatMap((stretch) => stretch.messages.filter(({ streamSeq }) => streamSeq <= from.streamSeq))
      .toSorted((one, other) => one.streamSeq - other.streamSeq);
    const prepared = await projection.prepare(messages, from.withheld, refused);
    const letters = new Map(prepared.unreadable.map((letter) => [conversationOf(letter.subject), letter]));
    const done = messages.filter(({ streamSeq, subject }) => {
      const letter = letters.get(conversationOf(subject));
      return letter === undefined || streamSeq < letter.streamSeq;
    });

    const holes = mine.flatMap((stretch) => stretch.holes).filter((hole) => hole <= from.streamSeq);
    const met = new Set(holes.length === 0 ? [] : await gapsAmong(client, schema, share.partition, holes));
    const gaps = holes.filter((hole) => !met.has(hole)).map((hole) => ({ first: hole, last: hole }));
    const claims = await claimRemains(client, schema, share.partition, prepared.events, gaps);
    const to: Checkpoint = {
      ...from,
      events: from.events + prepared.count + claims.streamSeqs.size,
      digest: addDigest(addDigest(from.digest, prepared.digest), claims.digest),
    };
    if (done.length > 0) {
      // Each opens a window of its own, which is marked as late as may be: a client that was told less finds it.
      const windows = done.map(({ streamSeq, storedAt }) => ({ began: streamSeq, openedAt: storedAt }));
      await prepared.write(client, schema, { share, from, to, windows, claimed: claims.streamSeqs });
      await forgetMarks(client, schema, share.partition, (done[0] as LoggedMessage).streamSeq);
    }
    await writeGaps(client, schema, share.partition, gaps, claims.streamSeqs);

    const byConversation = Map.groupBy(done, ({ subject }) => conversationOf(subject));
    const steps = await Promise.all(
      mine.map(async ({ parked, place }): Promise<Ended> => {
        const own = byConversation.get(parked.conversationId) ?? [];
        const letter = letters.get(parked.conversationId);
        const next = (own.at(-1)?.streamSeq ?? parked.streamSeq - 1) + 1;
        const isMended = letter === undefined && !(await hasMessage(jsm, place, next, from.streamSeq));
        return { parked, letter, isMended, next: letter?.streamSeq ?? next, folded: own.length };
      }),
    );
    const mended = steps.filter(({ isMended }) => isMended);
    if (mended.length + done.length > 0) await intervene(client, schema, share, to);
    await unpark(
      client,
      schema,
      share,
      mended.map(({ parked }) => parked),
      from.streamSeq,
    );
    for (const { parked, isMended, next, folded, letter } of steps)
      if (!isMended) await repark(client, schema, share, parked, { streamSeq: next, folded, letter });
    return new Map(steps.map((step) => [step.parked.conversationId, stepOf(step)]));
  });
}

type Ended = {
  readonly parked: ParkedConversation;
  readonly letter: DeadLetter | undefined;
  readonly isMended: boolean;
  /** Where it stands still now, if it does. */
  readonly next: number;
  readonly folded: number;
};

const stepOf = ({ isMended, folded, letter }: Ended): Step =>
  isMended ? { tag: 'mended', folded } : { tag: 'moved', folded, letter };
