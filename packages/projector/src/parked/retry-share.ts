import { isRefusedData } from '../project-batch.js';
import { foldParked, type RetryResources, stretchOf } from './fold-parked.js';
import { listParked, type ParkedConversation, readParked } from './parked-conversation.js';
import { type Retried, retryConversation, STEP, stuckOf } from './retry-conversation.js';
import { retryReceipt } from './retry-receipt.js';

/** Told of each: a conversation's id, or the stream sequence of a receipt. */
export type OnRetried = (what: string, retried: Retried) => void;

/** Conversations that are looked at together, and that a step is shared by. */
const LOT = 100;

/**
 * Retries everything of a share that could not be taken; how many go on now. Many that wait for little are folded together: one by one, ten
 * thousand would hold the checkpoint ten thousand times. Ends early when the signal is aborted.
 */
export async function retryShare(
  resources: RetryResources,
  signal: AbortSignal,
  onRetried: OnRetried = () => undefined,
): Promise<number> {
  let mended = 0;
  const note: OnRetried = (what, retried) => {
    if (retried.tag === 'mended') mended++;
    onRetried(what, retried);
  };
  if (resources.share.projection === 'timeline') await retryConversations(resources, signal, note);
  else await retryReceipts(resources, signal, note);
  return mended;
}

async function retryConversations(
  resources: RetryResources,
  signal: AbortSignal,
  note: OnRetried,
): Promise<void> {
  const { client, schema, share } = resources;
  const ids = await listParked(client, schema, share);
  for (let at = 0; at < ids.length && !signal.aborted; at += LOT) {
    const lot = await readParked(client, schema, share, ids.slice(at, at + LOT));
    const stuck = new Map(
      (await stuckOf(resources, [...lot.values()])).map((letter) => [letter.streamSeq, letter]),
    );
    const readable: ParkedConversation[] = [];
    for (const parked of lot.values()) {
      const letter = stuck.get(parked.streamSeq);
      if (letter === undefined) readable.push(parked);
      else note(parked.conversationId, { tag: 'stuck', folded: 0, letter });
    }
    await retryTogether(resources, readable, signal, note);
  }
}

/** Each by itself goes on with what is too long for that, and finds what the database refuses. */
async function retryTogether(
  resources: RetryResources,
  lot: readonly ParkedConversation[],
  signal: AbortSignal,
  note: OnRetried,
): Promise<void> {
  if (lot.length === 0) return;
  const most = Math.ceil(STEP / lot.length);
  const stretches = await Promise.all(lot.map((parked) => stretchOf(resources, parked, most)));
  const steps = await foldParked(resources, stretches).catch((error: unknown) => {
    if (!isRefusedData(error)) throw error;
    return undefined;
  });
  for (const { conversationId } of lot) {
    if (signal.aborted) return;
    const step = steps?.get(conversationId);
    if (step?.tag === 'mended') note(conversationId, step);
    else if (step?.letter !== undefined)
      note(conversationId, { tag: 'stuck', folded: step.folded, letter: step.letter });
    else note(conversationId, await retryConversation(resources, conversationId, signal));
  }
}

async function retryReceipts(resources: RetryResources, signal: AbortSignal, note: OnRetried): Promise<void> {
  const { client, schema, share } = resources;
  const { rows } = await client.query<{ stream_seq: string }>(
    `select stream_seq from ${schema}.dead_letter where projection = 'receipts' and partition = $1 order by stream_seq`,
    [share.partition],
  );
  for (const { stream_seq } of rows) {
    if (signal.aborted) return;
    note(stream_seq, await retryReceipt(resources, Number(stream_seq)));
  }
}
