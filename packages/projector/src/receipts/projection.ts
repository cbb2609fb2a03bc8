import { ConversationId, Instant, UserId } from '@parley/domain/ids';
import { emptyDigest } from '@parley/domain/log/digest';
import { boundedInteger, decodeWith } from '@parley/domain/text';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { receiptStreamName } from '@parley/infra/log/subjects';
import { isLeft } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { ClientBase } from 'pg';
import type { DeadLetter } from '../dead-letter.js';
import type { Prepared, Projection } from '../projection.js';

/**
 * Everybody's watermarks. Their stream keeps the newest of each person alone, so a rebuild meets other messages than the
 * first build did: they have no digest.
 */
export const receipts: Projection = {
  name: 'receipts',
  streamOf: receiptStreamName,
  prepare,
};

const Mark = boundedInteger('watermark', 0, Number.MAX_SAFE_INTEGER);
const Receipt = t.strict({
  conversationId: ConversationId,
  user: UserId,
  delivered: Mark,
  read: Mark,
  at: Instant,
});
type Receipt = t.TypeOf<typeof Receipt>;

async function prepare(messages: readonly LoggedMessage[], refused?: string): Promise<Prepared> {
  const newest = new Map<string, Receipt>();
  const unreadable: DeadLetter[] = [];
  for (const { streamSeq, subject, bytes } of messages) {
    const receipt = refused ?? decode(bytes);
    if (typeof receipt === 'string') unreadable.push({ streamSeq, subject, payload: bytes, error: receipt });
    else {
      const key = `${receipt.conversationId} ${receipt.user}`;
      newest.set(key, furthest(newest.get(key), receipt));
    }
  }
  return {
    count: messages.length - unreadable.length,
    digest: emptyDigest,
    unreadable,
    events: [],
    write: (client, schema) => writeReceipts(client, schema, [...newest.values()]),
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
function furthest(one: Receipt | undefined, other: Receipt): Receipt {
  if (one === undefined) return other;
  return {
    ...other,
    delivered: Math.max(one.delivered, other.delivered),
    read: Math.max(one.read, other.read),
    at: Math.max(one.at, other.at),
  };
}

async function writeReceipts(client: ClientBase, schema: string, all: readonly Receipt[]) {
  if (all.length > 0) {
    await client.query({
      name: `receipt-upsert-${schema}`,
      text: `insert into ${schema}.receipt as r (conversation_id, user_id, delivered, read, at)
        select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
        on conflict (conversation_id, user_id) do update set
          delivered = greatest(r.delivered, excluded.delivered),
          read = greatest(r.read, excluded.read),
          at = greatest(r.at, excluded.at)`,
      values: [
        all.map(({ conversationId }) => conversationId),
        all.map(({ user }) => user),
        all.map(({ delivered }) => delivered),
        all.map(({ read }) => read),
        all.map(({ at }) => at),
      ],
    });
  }
  return { entered: [], left: [] };
}
