import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { addDigest } from '@parley/domain/log/digest';
import { partitionLabel } from '@parley/domain/log/partition';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import type { Place } from '@parley/infra/log/subjects';
import { type Checkpoint, intervene, lockCheckpoint } from '../checkpoint.js';
import { claimRemains } from '../claims.js';
import { forgetMarks } from '../digest-marks.js';
import { gapsAmong, writeGaps } from '../gaps.js';
import { inTransaction } from '../in-transaction.js';
import { isRefusedData, type Target } from '../project-batch.js';
import type { Projection } from '../projection.js';
import { timeline } from '../timeline/projection.js';
import type { DeadLetter } from './dead-letter.js';
import { type ParkedConversation, readParked, repark, unpark } from './parked-conversation.js';
import { hasMessage, holesIn, readStretch } from './stretch.js';
import { readDropped, streamOf } from './withheld.js';

export type RetryResources = Target & {
  readonly jsm: JetStreamManager;
  /** How events are read and folded: as the owner of the share does it. */
  readonly projection?: Projection;
};

/** What a retry made of a conversation. `mended`: its rows have everything. `stuck`: it stands still at this letter. */
export type Retried =
  | { readonly tag: 'mended'; readonly folded: number }
  | { readonly tag: 'stuck'; readonly folded: number; readonly letter: DeadLetter }
  /** It does not stand still: somebody else has retried it. */
  | { readonly tag: 'gone' };

/** Events of a step: one transaction, for which the partition waits. */
const STEP = 1_000;

/** Ms until a replica that lacks what the checkpoint has passed is asked again. */
const PAUSE = 50;

/**
 * Folds a conversation that stands still from its first event on that is not in the rows, in order, up to the checkpoint, and lets it go
 * on. In steps of 1,000 events, each a transaction that holds the checkpoint: so whoever is broken off is gone on with, and the owner of
 * the share reads anew what it stands for. A message that is not readable yet, or that the database refuses, ends it there.
 *
 * @throws Superseded where the share has not begun; what Postgres or the broker say. What was committed by then stays.
 */
export async function retryConversation(
  resources: RetryResources,
  conversationId: string,
  signal?: AbortSignal,
): Promise<Retried> {
  const { client, schema, share } = resources;
  let folded = 0;
  for (let most = STEP; ; ) {
    signal?.throwIfAborted();
    const parked = await readParked(client, schema, share, conversationId);
    if (parked === undefined) return { tag: 'gone' };
    if (parked.letter !== undefined && (await isStuck(resources, parked.letter)))
      return { tag: 'stuck', folded, letter: parked.letter };
    const step = await tryStep(resources, parked, most);
    if (step.tag === 'refused') {
      most = Math.ceil(step.of / 2);
      continue;
    }
    folded += step.folded;
    if (step.tag === 'mended') return { tag: 'mended', folded };
    if (step.letter !== undefined) return { tag: 'stuck', folded, letter: step.letter };
    if (step.folded === 0) await sleep(PAUSE, undefined, { signal });
    most = Math.min(STEP, most * 2);
  }
}

/** Whether a letter cannot be read as before: then nothing need be locked. */
async function isStuck(
  { client, share, projection = timeline }: RetryResources,
  { payload, ...letter }: DeadLetter,
): Promise<boolean> {
  const withheld = await readDropped(client, share);
  const message = { ...letter, bytes: payload, storedAt: 0, pending: 0, headers: undefined };
  return (await projection.prepare([message], withheld)).unreadable.length > 0;
}

/** `letter`: what it stands still at now. Without one there is more to fold. `refused`: nothing was done, because the database refuses one of these. */
type Step =
  | { readonly tag: 'mended'; readonly folded: number }
  | { readonly tag: 'moved'; readonly folded: number; readonly letter: DeadLetter | undefined }
  | { readonly tag: 'refused'; readonly of: number };

async function tryStep(resources: RetryResources, parked: ParkedConversation, most: number): Promise<Step> {
  const place = placeIn(resources, parked);
  const stretch = await readStretch(resources.jsm, place, parked.streamSeq, most);
  const holes = await holesIn(resources.jsm, place, stretch, parked.revision);
  try {
    return await fold(resources, parked, { place, stretch, holes });
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    if (stretch.length > 1) return { tag: 'refused', of: stretch.length };
    return fold(resources, parked, { place, stretch, holes, refused: error.message });
  }
}

type Stretch = {
  readonly place: Place;
  readonly stretch: readonly LoggedMessage[];
  readonly holes: readonly number[];
  /** Why the database refuses the only message. */
  readonly refused?: string;
};

async function fold(
  { client, schema, share, jsm, projection = timeline }: RetryResources,
  parked: ParkedConversation,
  { place, stretch, holes, refused }: Stretch,
): Promise<Step> {
  return inTransaction(client, async () => {
    const from = await lockCheckpoint(client, schema, share);
    const now = await readParked(client, schema, share, parked.conversationId);
    if (now?.streamSeq !== parked.streamSeq) return { tag: 'moved', folded: 0, letter: undefined };
    const messages = stretch.filter(({ streamSeq }) => streamSeq <= from.streamSeq);
    const prepared = await projection.prepare(messages, from.withheld, refused);
    const letter = prepared.unreadable[0];
    const done = messages.filter(
      ({ streamSeq }) => streamSeq < (letter?.streamSeq ?? Number.POSITIVE_INFINITY),
    );

    const met = new Set(await gapsAmong(client, schema, share.partition, holes));
    const gaps = holes
      .filter((hole) => hole <= from.streamSeq && !met.has(hole))
      .map((hole) => ({ first: hole, last: hole }));
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
      await forgetMarks(client, schema, share.partition, parked.streamSeq);
    }
    await writeGaps(client, schema, share.partition, gaps, claims.streamSeqs);
    const next = (done.at(-1)?.streamSeq ?? parked.streamSeq - 1) + 1;
    const isMended = letter === undefined && !(await hasMessage(jsm, place, next, from.streamSeq));
    if (isMended || done.length > 0) await intervene(client, schema, share, to);
    if (isMended) {
      await unpark(client, schema, share, parked, from.streamSeq);
      return { tag: 'mended', folded: done.length };
    }
    const at = { streamSeq: letter?.streamSeq ?? next, folded: done.length };
    await repark(client, schema, share, parked, letter === undefined ? at : { ...at, letter });
    return { tag: 'moved', folded: done.length, letter };
  });
}

const placeIn = ({ share }: RetryResources, { conversationId }: ParkedConversation): Place => ({
  partition: share.partition,
  stream: streamOf(share),
  subject: `conv.${partitionLabel(share.partition)}.${conversationId}`,
});
