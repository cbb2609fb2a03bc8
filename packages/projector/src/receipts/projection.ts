import { ConversationId, Instant, UserId } from '@parley/domain/ids';
import { emptyDigest } from '@parley/domain/log/digest';
import { shape } from '@parley/domain/shape';
import { boundedInteger, decodeWith } from '@parley/domain/text';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { receiptStreamName } from '@parley/infra/log/subjects';
import { KEPT_MOVES } from '@parley/infra/log/topology';
import { isLeft } from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import type { ClientBase } from 'pg';
import type { CheckpointMove } from '../checkpoint.js';
import type { DeadLetter } from '../parked/dead-letter.js';
import type { Withheld } from '../parked/withheld.js';
import type { Prepared, Projection } from '../projection.js';
import { windowBegan } from '../window.js';

/**
 * Everybody's watermarks, and their newest moves. The time is that of the newest, and 0 where it was taken away. Their stream keeps as many moves of each person and no more, so a rebuild
 * meets other messages than the first build did: they have no digest.
 */
export const receipts: Projection = {
  name: 'receipts',
  streamOf: receiptStreamName,
  isWhole: false,
  prepare,
};

const Mark = boundedInteger('watermark', 0, Number.MAX_SAFE_INTEGER);
const Receipt = shape({
  conversationId: ConversationId,
  user: UserId,
  delivered: Mark,
  read: Mark,
  at: Instant,
});
type Receipt = t.TypeOf<typeof Receipt>;

/** What a batch moves for one person: where to, when, and the stream sequence of the newest move. */
type Moves = Receipt & { readonly changed: number; readonly moves: readonly Receipt[] };

async function prepare(
  messages: readonly LoggedMessage[],
  withheld: Withheld,
  refused?: string,
): Promise<Prepared> {
  const newest = new Map<string, Moves>();
  const unreadable: DeadLetter[] = [];
  let count = 0;
  for (const { streamSeq, subject, bytes } of messages) {
    if (withheld.dropped.has(streamSeq)) continue;
    const receipt = refused ?? decode(bytes);
    if (typeof receipt === 'string') unreadable.push({ streamSeq, subject, payload: bytes, error: receipt });
    else {
      const key = `${receipt.conversationId} ${receipt.user}`;
      newest.set(key, moved(newest.get(key), receipt, streamSeq));
      count++;
    }
  }
  return {
    withheld,
    count,
    digest: emptyDigest,
    unreadable,
    standstills: [],
    events: [],
    write: (client, schema, move) => writeReceipts(client, schema, [...newest.values()], move),
  };
}

function decode(bytes: Uint8Array): Receipt | string {
  try {
    const decoded = decodeWith(Receipt, JSON.parse(Buffer.from(bytes).toString('utf8')));
    return isLeft(decoded) ? decoded.left : decoded.right;
  } catch {
    return 'not JSON';
  }
}

/** Watermarks never go back, in whatever order they are met. */
function moved(before: Moves | undefined, receipt: Receipt, changed: number): Moves {
  if (before === undefined) return { ...receipt, changed, moves: [receipt] };
  return {
    ...receipt,
    delivered: Math.max(before.delivered, receipt.delivered),
    read: Math.max(before.read, receipt.read),
    changed,
    moves: [...before.moves, receipt].slice(-KEPT_MOVES),
  };
}

async function writeReceipts(
  client: ClientBase,
  schema: string,
  all: readonly Moves[],
  { share, windows }: CheckpointMove,
) {
  if (all.length > 0) {
    await client.query({
      name: `receipt-upsert-${schema}`,
      text: `insert into ${schema}.receipt as r
          (conversation_id, user_id, delivered, read, at, changed, marked, moves, partition)
        select conversation_id, user_id, delivered, read, at, changed, marked, moves::bigint[], $9
        from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[])
          as m (conversation_id, user_id, delivered, read, at, changed, marked, moves)
        on conflict (conversation_id, user_id) do update set
          delivered = greatest(r.delivered, excluded.delivered),
          read = greatest(r.read, excluded.read),
          at = excluded.at,
          changed = excluded.changed,
          marked = excluded.marked,
          moves = (r.moves || excluded.moves)[greatest(1, cardinality(r.moves || excluded.moves) - ${3 * KEPT_MOVES - 1}):]`,
      values: [
        all.map(({ conversationId }) => conversationId),
        all.map(({ user }) => user),
        all.map(({ delivered }) => delivered),
        all.map(({ read }) => read),
        all.map(({ at }) => at),
        all.map(({ changed }) => changed),
        all.map(({ changed }) => windowBegan(windows, changed)),
        all.map(
          ({ moves }) => `{${moves.map(({ delivered, read, at }) => `${delivered},${read},${at}`).join()}}`,
        ),
        share.partition,
      ],
    });
  }
  return { entered: [], left: [] };
}
