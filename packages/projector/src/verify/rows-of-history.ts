import type { History } from '@parley/domain/history/history';
import { type HistoricMessage, isThere } from '@parley/domain/history/timeline';

export type Row = Readonly<Record<string, unknown>>;

/** Rows of each table that a conversation's history alone decides, each ordered by its key. */
export type Tables = {
  readonly conversation: readonly Row[];
  readonly member: readonly Row[];
  readonly ban: readonly Row[];
  readonly message: readonly Row[];
  readonly reaction: readonly Row[];
  readonly pin: readonly Row[];
  readonly call: readonly Row[];
  readonly call_stay: readonly Row[];
};

/** What the rows of a conversation are after its events. Without the columns that say where in the log something changed. */
export function rowsOfHistory(history: History): Tables {
  const conversation_id = history.conversationId;
  const { members, bans, timeline, pins, calls } = history;
  const replies = repliesTo(timeline);
  return {
    conversation: history.revision === 0 ? [] : [conversationRow(history)],
    member: sortedByBytes(members.keys()).map((user) => {
      const member = members.get(user);
      return {
        conversation_id,
        user_id: user,
        role: member?.role,
        since: member?.since,
        ban_hash: member?.banHash,
      };
    }),
    ban: sortedByBytes(bans).map((ban_hash) => ({ conversation_id, ban_hash })),
    message: Array.from(timeline, (message) => ({
      conversation_id,
      ...messageRow(message),
      replies: replies.get(message.seq) ?? 0,
    })),
    reaction: Array.from(timeline).flatMap(({ seq, reactions }) =>
      sortedByBytes(reactions?.keys() ?? []).flatMap((emoji) =>
        sortedByBytes(reactions?.get(emoji) ?? []).map((user_id) => ({
          conversation_id,
          seq,
          emoji,
          user_id,
        })),
      ),
    ),
    pin: [...pins]
      .sort(([a], [b]) => a - b)
      .map(([seq, { by, at }]) => ({ conversation_id, seq, by_user: by, at })),
    call: Array.from(calls, ({ call, media, by, at, endedAt }) => ({
      conversation_id,
      call,
      media,
      by_user: by,
      at,
      ended_at: endedAt,
    })),
    call_stay: Array.from(calls).flatMap(({ call, stays }) =>
      stays.map(({ participant, user, device, joinedAt, leftAt, why }) => ({
        conversation_id,
        participant,
        call,
        user_id: user,
        device,
        joined_at: joinedAt,
        left_at: leftAt,
        why,
      })),
    ),
  };
}

const conversationRow = (history: History): Row => ({
  conversation_id: history.conversationId,
  kind: history.kind,
  title: history.title,
  ttl: history.ttl,
  closed: history.closed,
  revision: history.revision,
  messages: history.messages,
  last_activity_at: history.lastActivityAt,
  member_count: history.members.size,
  expires_at: history.expiresAt,
  erased_at: history.erasedAt,
  next_due: nextDue(history),
  hold_reason: history.hold?.reason ?? null,
  hold_since: history.hold?.since ?? null,
  hold_by: history.hold?.by ?? null,
});

const messageRow = (message: HistoricMessage): Row => ({
  seq: message.seq,
  ordinal: message.ordinal,
  author: message.author,
  at: message.at,
  sent_at: message.sentAt,
  reply_to: message.replyTo,
  expires_at: message.expiresAt,
  edited_at: message.editedAt,
  deleted_at: message.deletedAt,
  expired: message.expired,
  reactions: [...(message.reactions?.values() ?? [])].reduce((sum, users) => sum + users.size, 0),
  body: message.body,
});

/** The earliest end of a message that has not expired, or of the conversation. */
function nextDue({ timeline, expiresAt }: History): number | null {
  let due = expiresAt;
  for (const message of timeline) {
    if (message.expired || message.expiresAt === null) continue;
    if (due === null || message.expiresAt < due) due = message.expiresAt;
  }
  return due;
}

/** How many replies, neither deleted nor expired, each message has among what came after it. */
function repliesTo(timeline: History['timeline']): ReadonlyMap<number, number> {
  const replies = new Map<number, number>();
  for (const message of timeline) {
    const { seq, replyTo } = message;
    if (replyTo !== null && replyTo < seq && isThere(message))
      replies.set(replyTo, (replies.get(replyTo) ?? 0) + 1);
  }
  return replies;
}

/** As the database sorts them. */
const sortedByBytes = (items: Iterable<string>): readonly string[] =>
  [...items].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
