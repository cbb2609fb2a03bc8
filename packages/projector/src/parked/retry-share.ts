import { listParked } from './parked-conversation.js';
import { type Retried, type RetryResources, retryConversation } from './retry-conversation.js';
import { retryReceipt } from './retry-receipt.js';

/**
 * Retries everything of a share that could not be taken, one after the other; how many go on now. Ends early when the signal is aborted.
 *
 * @param onRetried told of each: a conversation's id, or the stream sequence of a receipt.
 */
export async function retryShare(
  resources: RetryResources,
  signal: AbortSignal,
  onRetried: (what: string, retried: Retried) => void = () => undefined,
): Promise<number> {
  const { client, schema, share } = resources;
  let mended = 0;
  const note = (what: string, retried: Retried): void => {
    if (retried.tag === 'mended') mended++;
    onRetried(what, retried);
  };
  for (const conversationId of await listParked(client, schema, share)) {
    if (signal.aborted || share.projection !== 'timeline') break;
    note(conversationId, await retryConversation(resources, conversationId, signal));
  }
  if (share.projection !== 'receipts') return mended;
  const { rows } = await client.query<{ stream_seq: string }>(
    `select stream_seq from ${schema}.dead_letter where projection = 'receipts' and partition = $1 order by stream_seq`,
    [share.partition],
  );
  for (const { stream_seq } of rows) {
    if (signal.aborted) break;
    note(stream_seq, await retryReceipt(resources, Number(stream_seq)));
  }
  return mended;
}
