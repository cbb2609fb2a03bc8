import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusedData } from '../project-batch.js';
import { timeline } from '../timeline/projection.js';
import type { DeadLetter } from './dead-letter.js';
import { foldParked, type RetryResources, type Step, stretchOf } from './fold-parked.js';
import { type ParkedConversation, readParked } from './parked-conversation.js';
import { readDropped } from './withheld.js';

/** What a retry made of a conversation. `mended`: its rows have everything. `stuck`: it stands still at this letter. */
export type Retried =
  | { readonly tag: 'mended'; readonly folded: number }
  | { readonly tag: 'stuck'; readonly folded: number; readonly letter: DeadLetter }
  /** It does not stand still: somebody else has retried it. */
  | { readonly tag: 'gone' };

/** Events of a step: one transaction, for which the partition waits. */
export const STEP = 1_000;

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
    const parked = (await readParked(client, schema, share, [conversationId])).get(conversationId);
    if (parked === undefined) return { tag: 'gone' };
    const [stuck] = await stuckOf(resources, [parked]);
    if (stuck !== undefined) return { tag: 'stuck', folded, letter: stuck };
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

/** The letters at which these stand still and that cannot be read as before: then nothing need be locked. */
export async function stuckOf(
  { client, share, projection = timeline }: RetryResources,
  all: readonly ParkedConversation[],
): Promise<readonly DeadLetter[]> {
  const messages = all.flatMap(({ letter }) => {
    if (letter === undefined) return [];
    const { payload, ...rest } = letter;
    return [{ ...rest, bytes: payload, storedAt: 0, pending: 0, headers: undefined }];
  });
  return (await projection.prepare(messages, await readDropped(client, share))).unreadable;
}

/** `refused`: nothing was done, because the database refuses one of so many. */
async function tryStep(
  resources: RetryResources,
  parked: ParkedConversation,
  most: number,
): Promise<Step | { readonly tag: 'refused'; readonly of: number }> {
  const stretch = await stretchOf(resources, parked, most);
  const fold = async (refused?: string): Promise<Step> => {
    const step = (await foldParked(resources, [stretch], refused)).get(parked.conversationId);
    return step ?? { tag: 'moved', folded: 0, letter: undefined };
  };
  try {
    return await fold();
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    const of = stretch.messages.length;
    return of > 1 ? { tag: 'refused', of } : fold(error.message);
  }
}
