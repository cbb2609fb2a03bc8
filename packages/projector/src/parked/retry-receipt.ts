import { nameOfStream } from '@parley/infra/log/projected-stream';
import { intervene, lockCheckpoint } from '../checkpoint.js';
import { inTransaction } from '../in-transaction.js';
import { receipts } from '../receipts/projection.js';
import type { DeadLetter } from './dead-letter.js';
import type { RetryResources } from './fold-parked.js';
import { writeLetters } from './park.js';
import { forgetLetters } from './parked-conversation.js';
import type { Retried } from './retry-conversation.js';
import { readStretch } from './stretch.js';

/** More than the stream keeps of one person in one conversation. */
const ALL = 1_000;

/**
 * Takes a move of somebody's watermarks that could not be taken. Newer ones may be in the row by now, and a row has them in order: so it is
 * made again of all that the stream has of that person. What the stream does not have any more was pushed out by newer ones.
 */
export async function retryReceipt(resources: RetryResources, streamSeq: number): Promise<Retried> {
  const { client, schema, share, jsm, projection = receipts } = resources;
  const { rows } = await client.query<{ subject: string; payload: Buffer; error: string }>(
    `select subject, payload, error from ${schema}.dead_letter
     where projection = $1 and partition = $2 and stream_seq = $3`,
    [share.projection, share.partition, streamSeq],
  );
  if (rows[0] === undefined) return { tag: 'gone' };
  const letter: DeadLetter = { streamSeq, ...rows[0] };
  const place = { stream: nameOfStream(share), subject: letter.subject };
  return inTransaction(client, async () => {
    const from = await lockCheckpoint(client, schema, share);
    const moves = (await readStretch(jsm, place, 1, ALL)).filter((move) => move.streamSeq <= from.streamSeq);
    const prepared = await projection.prepare(moves, from.withheld);
    const still = prepared.unreadable.find((each) => each.streamSeq === streamSeq);
    if (still !== undefined) {
      await writeLetters(client, schema, share, [still]);
      return { tag: 'stuck', folded: 0, letter: still };
    }
    const [, , conversationId, user] = letter.subject.split('.');
    await client.query(
      `update ${schema}.receipt set moves = '{}' where conversation_id = $1 and user_id = $2`,
      [conversationId, user],
    );
    const windows = moves.map((move) => ({ began: move.streamSeq, openedAt: move.storedAt }));
    await prepared.write(client, schema, { share, from, to: from, windows, claimed: new Set() });
    await forgetLetters(client, schema, share, [streamSeq]);
    const isDropped = from.withheld.dropped.has(streamSeq);
    await intervene(client, schema, share, { ...from, events: from.events + (isDropped ? 0 : 1) });
    return { tag: 'mended', folded: isDropped ? 0 : 1 };
  });
}
