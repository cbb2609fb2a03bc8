import type { ClientBase } from 'pg';
import type { ConversationChanges } from './changes.js';
import { insertSent } from './write-messages.js';

/**
 * Makes the rows of messages that were erased before this build saw them, as they would be had it seen them: nothing of what they
 * said, but who wrote when, and that they are deleted. First of all in a batch, so that what comes after in it meets them.
 */
export async function restoreErased(
  client: ClientBase,
  schema: string,
  all: readonly ConversationChanges[],
  claimed: ReadonlySet<number>,
): Promise<void> {
  if (claimed.size === 0) return;
  const restored = all.flatMap(({ conversationId, erased }) =>
    erased
      .flatMap(({ sent }) => sent)
      .filter(({ streamSeq }) => claimed.has(streamSeq))
      .map(({ row }) => ({ conversationId, sent: new Map([[row.seq, row]]) })),
  );
  await insertSent(client, schema, restored);
}
