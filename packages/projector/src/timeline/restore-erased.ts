import type { ClientBase } from 'pg';
import type { ConversationChanges, ErasedMessage } from './changes.js';
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
  const erased = all.flatMap(({ conversationId, erased }) =>
    erased.map((message) => ({ conversationId, message })),
  );
  await insertSent(
    client,
    schema,
    erased.flatMap(({ conversationId, message: { seq, sent } }) =>
      sent !== undefined && claimed.has(sent.streamSeq)
        ? [{ conversationId, sent: new Map([[seq, sent.row]]) }]
        : [],
    ),
  );
  const edited = erased.filter(
    ({ message: { edits, editedAt } }) =>
      editedAt !== null && edits.some((streamSeq) => claimed.has(streamSeq)),
  );
  if (edited.length === 0) return;
  const column = (of: (message: ErasedMessage) => number | null) => edited.map(({ message }) => of(message));
  await client.query(
    `update ${schema}.message m set edited_at = e.edited_at
     from unnest($1::text[], $2::bigint[], $3::bigint[]) as e (conversation_id, seq, edited_at)
     where m.conversation_id = e.conversation_id and m.seq = e.seq`,
    [
      edited.map(({ conversationId }) => conversationId),
      column(({ seq }) => seq),
      column(({ editedAt }) => editedAt),
    ],
  );
}
