import { type Queryable, rowsOf } from './queryable.js';

export type RecipientsQuery = {
  readonly schema: string;
  readonly conversationId: string;
  readonly seq: number;
  /** Recipients whose ids come after this one. */
  readonly after: string;
  /** 1 to 500. */
  readonly limit: number;
};

/** A recipient of a message: when it reached a device of theirs and when they read it, in ms since 1970 UTC. */
export type Recipient = { readonly user: string; readonly deliveredAt?: number; readonly readAt?: number };

export type Recipients = {
  /** Seq of the newest event these rows have seen; 0 where they know no such conversation. */
  readonly revision: number;
  /** False where no message has this seq. */
  readonly isMessage: boolean;
  /** When it was deleted, or its life is over, in ms since 1970 UTC: the earlier of both. */
  readonly endedAt?: number;
  readonly recipients: readonly Recipient[];
  readonly hasMore: boolean;
  /** Of all recipients, not of this page alone. */
  readonly members: number;
  readonly received: number;
  readonly read: number;
};

/**
 * Who received and read a message: those who are members now and were when it was sent, its author left out. Who sent a message
 * after it has read it. Where more moves were made since than are kept, a time is that of the oldest move kept: it happened by
 * then.
 */
export async function readRecipients(db: Queryable, query: RecipientsQuery): Promise<Recipients> {
  const { schema, conversationId, seq, after, limit } = query;
  const rows = await rowsOf(db, { name: `recipients-${schema}`, text: recipientsSql(schema) }, [
    conversationId,
    seq,
    after,
    limit + 1,
  ]);
  const [revision, author, endedAt, members, received, read] = rows[0] ?? [0, null, null, 0, 0, 0];
  const found = rows.filter((values) => values[USER] !== null);
  return {
    revision: Number(revision),
    isMessage: author !== null,
    ...(endedAt === null ? {} : { endedAt: Number(endedAt) }),
    recipients: found.slice(0, limit).map((values) => recipientOf(values, seq)),
    hasMore: found.length > limit,
    members: Number(members),
    received: Number(received),
    read: Number(read),
  };
}

/** Column of a recipient's id; their moves follow, and when they first sent something after the message. */
const USER = 6;

function recipientOf(values: readonly unknown[], seq: number): Recipient {
  const moves = ((values[USER + 1] as readonly string[] | null) ?? []).map(Number);
  const sentAt = values[USER + 2] === null ? undefined : Number(values[USER + 2]);
  const deliveredAt = earlier(firstReached(moves, 0, seq), sentAt);
  const readAt = earlier(firstReached(moves, 1, seq), sentAt);
  return {
    user: values[USER] as string,
    ...(deliveredAt === undefined ? {} : { deliveredAt }),
    ...(readAt === undefined ? {} : { readAt }),
  };
}

const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/**
 * When a watermark first reached `seq`: moves are delivered, read and time, one after the other, oldest first. Undefined also where the
 * time is 0: it was taken out of the move, because it told of messages alone that are gone.
 */
export function firstReached(moves: readonly number[], watermark: 0 | 1, seq: number): number | undefined {
  for (let at = 0; at < moves.length; at += 3) {
    if ((moves[at + watermark] as number) >= seq) return moves[at + 2] || undefined;
  }
  return undefined;
}

/** A member's first message after the one asked about; a range for the reason `newestOwn` gives. */
const nextOwn = (schema: string): string => `
      select y.at from ${schema}.message y
      where y.conversation_id = m.conversation_id and y.author >= m.user_id and y.author <= m.user_id and y.seq > $2
      order by y.author, y.seq limit 1`;

const recipientsSql = (schema: string): string => `
  select c.revision, x.author, least(x.deleted_at, x.expires_at), total.members, total.received, total.read, page.user_id, page.moves, page.sent_at
  from ${schema}.conversation c
  left join ${schema}.message x on x.conversation_id = c.conversation_id and x.seq = $2
  left join lateral (
    select count(*) as members,
      count(*) filter (where r.delivered >= $2 or own.at is not null) as received,
      count(*) filter (where r.read >= $2 or own.at is not null) as read
    from ${schema}.member m
    left join ${schema}.receipt r on r.conversation_id = m.conversation_id and r.user_id = m.user_id
    left join lateral (${nextOwn(schema)}) own on true
    where m.conversation_id = c.conversation_id and m.since <= $2 and m.user_id <> x.author
  ) total on true
  left join lateral (
    select m.user_id, r.moves, own.at as sent_at
    from ${schema}.member m
    left join ${schema}.receipt r on r.conversation_id = m.conversation_id and r.user_id = m.user_id
    left join lateral (${nextOwn(schema)}) own on true
    where m.conversation_id = c.conversation_id and m.since <= $2 and m.user_id <> x.author and m.user_id > $3
    order by m.user_id limit $4
  ) page on true
  where c.conversation_id = $1
  order by page.user_id`;
