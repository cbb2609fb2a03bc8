import type { Envelope } from '@parley/domain/log/envelope';

/** Rows as a reader of the specification would keep them: one event after the other, without batches. */
export type Tables = {
  readonly conversation: readonly Row[];
  readonly member: readonly Row[];
  readonly ban: readonly Row[];
  readonly message: readonly Row[];
  readonly reaction: readonly Row[];
  readonly pin: readonly Row[];
};
export type Row = Readonly<Record<string, unknown>>;

type Conversation = {
  kind: string | null;
  title: string | null;
  ttl: number | null;
  closed: boolean;
  expiresAt: number | null;
  erasedAt: number | null;
  hold: { reason: string; since: number; by: string } | null;
  revision: number;
  messages: number;
  lastActivityAt: number;
  readonly members: Map<string, { role: string; since: number; banHash: string }>;
  readonly bans: Set<string>;
  readonly timeline: Map<number, Message>;
  readonly pins: Map<number, { by: string; at: number }>;
};

type Message = {
  readonly ordinal: number;
  readonly author: string;
  readonly at: number;
  readonly sentAt: number | null;
  readonly replyTo: number | null;
  readonly expiresAt: number | null;
  editedAt: number | null;
  deletedAt: number | null;
  expired: boolean;
  body: string | null;
  readonly reactions: Set<string>;
};

export function naiveTables(events: readonly Envelope[]): Tables {
  const conversations = new Map<string, Conversation>();
  for (const event of events) {
    const conversation =
      event.type === 'conversation.erased'
        ? { ...empty(), erasedAt: event.at }
        : (conversations.get(event.conversationId) ?? empty());
    conversations.set(event.conversationId, conversation);
    conversation.revision = event.seq;
    apply(conversation, event);
  }
  return tablesOf(conversations);
}

const empty = (): Conversation => ({
  kind: null,
  title: null,
  ttl: null,
  closed: false,
  expiresAt: null,
  erasedAt: null,
  hold: null,
  revision: 0,
  messages: 0,
  lastActivityAt: 0,
  members: new Map(),
  bans: new Set(),
  timeline: new Map(),
  pins: new Map(),
});

function apply(conversation: Conversation, event: Envelope): void {
  const { members, bans, timeline, pins } = conversation;
  switch (event.type) {
    case 'conversation.created':
      conversation.kind ??= event.data.kind;
      conversation.title = event.data.title ?? conversation.title;
      conversation.ttl = event.data.ttl;
      conversation.expiresAt = event.data.expiresAt ?? conversation.expiresAt;
      conversation.lastActivityAt = Math.max(conversation.lastActivityAt, event.at);
      for (const { user, role, banHash } of event.data.members)
        members.set(user, { role, since: event.seq, banHash });
      return;
    case 'conversation.renamed':
      conversation.title = event.data.title;
      return;
    case 'conversation.ttlSet':
      conversation.ttl = event.data.ttl;
      return;
    case 'conversation.closed':
      conversation.closed = true;
      return;
    case 'conversation.expirySet':
      conversation.expiresAt = event.data.expiresAt;
      return;
    case 'conversation.held':
      conversation.hold = { reason: event.data.reason, since: event.at, by: event.actor };
      return;
    case 'conversation.released':
      conversation.hold = null;
      return;
    case 'member.added':
      for (const { user, role, banHash } of event.data.members)
        members.set(user, { role, since: event.seq, banHash });
      return;
    case 'member.removed':
      for (const user of event.data.users) members.delete(user);
      return;
    case 'member.left':
      members.delete(event.actor);
      return;
    case 'member.roleSet': {
      const member = members.get(event.data.user);
      if (member) member.role = event.data.role;
      return;
    }
    case 'member.banned':
      bans.add(event.data.banHash);
      for (const [user, { banHash }] of members) if (banHash === event.data.banHash) members.delete(user);
      return;
    case 'member.unbanned':
      bans.delete(event.data.banHash);
      return;
    case 'member.erased': {
      const { user, successor } = event.data;
      members.delete(user);
      const heir = successor === undefined ? undefined : members.get(successor);
      if (heir) heir.role = 'owner';
      for (const [seq, message] of timeline) {
        for (const key of message.reactions) if (key.endsWith(` ${user}`)) message.reactions.delete(key);
        if (message.author === user && isThere(message)) tombstone(conversation, seq, event.at);
      }
      return;
    }
    case 'message.sent': {
      const { ordinal, body, sentAt = null, replyTo = null, expiresAt = null } = event.data;
      const { actor: author, at } = event;
      const rest = { editedAt: null, deletedAt: null, expired: false, reactions: new Set<string>() };
      timeline.set(event.seq, { ordinal, author, at, sentAt, replyTo, expiresAt, body, ...rest });
      conversation.messages = Math.max(conversation.messages, ordinal);
      conversation.lastActivityAt = Math.max(conversation.lastActivityAt, at);
      return;
    }
    case 'message.edited': {
      const message = timeline.get(event.data.seq);
      if (!isThere(message)) return;
      message.body = event.data.body;
      message.editedAt = event.at;
      return;
    }
    case 'message.deleted': {
      if (isThere(timeline.get(event.data.seq))) tombstone(conversation, event.data.seq, event.at);
      return;
    }
    case 'message.reacted': {
      const message = timeline.get(event.data.seq);
      if (!isThere(message)) return;
      const key = `${event.data.emoji} ${event.actor}`;
      if (event.data.removed) message.reactions.delete(key);
      else message.reactions.add(key);
      return;
    }
    case 'message.expired':
      for (const [seq, message] of timeline) {
        if (!event.data.ranges.some(([from, to]) => from <= seq && seq <= to)) continue;
        message.expired = true;
        message.body = null;
        message.editedAt = null;
        message.reactions.clear();
        pins.delete(seq);
      }
      return;
    case 'message.pinned':
      if (isThere(timeline.get(event.data.seq)) && !pins.has(event.data.seq))
        pins.set(event.data.seq, { by: event.actor, at: event.at });
      return;
    case 'message.unpinned':
      pins.delete(event.data.seq);
      return;
    case 'conversation.erased':
      return;
    case 'message.erased':
      for (const { type, at, data } of event.data.remains) {
        if (type !== 'message.sent') continue;
        conversation.messages = Math.max(conversation.messages, (data as { ordinal: number }).ordinal);
        conversation.lastActivityAt = Math.max(conversation.lastActivityAt, at);
      }
      return;
    default:
      return event satisfies never;
  }
}

const isThere = (message: Message | undefined): message is Message =>
  message !== undefined && !message.expired && message.deletedAt === null;

function tombstone({ timeline, pins }: Conversation, seq: number, at: number): void {
  const message = timeline.get(seq) as Message;
  message.body = null;
  message.editedAt = null;
  message.deletedAt = at;
  message.reactions.clear();
  pins.delete(seq);
}

/** The earliest end of a message that has not expired, or of the conversation. */
function nextDue({ timeline, expiresAt }: Conversation): number | null {
  const ends = [...timeline.values()].filter(({ expired }) => !expired).map((message) => message.expiresAt);
  const due = [expiresAt, ...ends].filter((end) => end !== null);
  return due.length === 0 ? null : Math.min(...due);
}

function tablesOf(conversations: ReadonlyMap<string, Conversation>): Tables {
  const all = [...conversations].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    conversation: all.map(([id, own]) => ({
      conversation_id: id,
      kind: own.kind,
      title: own.title,
      ttl: own.ttl,
      closed: own.closed,
      revision: own.revision,
      messages: own.messages,
      last_activity_at: own.lastActivityAt,
      member_count: own.members.size,
      expires_at: own.expiresAt,
      erased_at: own.erasedAt,
      next_due: nextDue(own),
      hold_reason: own.hold?.reason ?? null,
      hold_since: own.hold?.since ?? null,
      hold_by: own.hold?.by ?? null,
    })),
    member: all.flatMap(([id, { members }]) =>
      sorted(members.keys()).map((user) => {
        const { role, since, banHash } = members.get(user) as {
          role: string;
          since: number;
          banHash: string;
        };
        return { conversation_id: id, user_id: user, role, since, ban_hash: banHash };
      }),
    ),
    ban: all.flatMap(([id, { bans }]) =>
      sorted(bans).map((hash) => ({ conversation_id: id, ban_hash: hash })),
    ),
    message: all.flatMap(([id, { timeline }]) =>
      [...timeline].map(([seq, message]) => ({
        conversation_id: id,
        seq,
        ordinal: message.ordinal,
        author: message.author,
        at: message.at,
        sent_at: message.sentAt,
        reply_to: message.replyTo,
        expires_at: message.expiresAt,
        edited_at: message.editedAt,
        deleted_at: message.deletedAt,
        expired: message.expired,
        reactions: message.reactions.size,
        body: message.body,
      })),
    ),
    reaction: all.flatMap(([id, { timeline }]) =>
      [...timeline].flatMap(([seq, { reactions }]) =>
        sorted(reactions).map((key) => {
          const [emoji, user] = key.split(' ');
          return { conversation_id: id, seq, emoji, user_id: user };
        }),
      ),
    ),
    pin: all.flatMap(([id, { pins }]) =>
      [...pins]
        .sort(([a], [b]) => a - b)
        .map(([seq, { by, at }]) => ({ conversation_id: id, seq, by_user: by, at })),
    ),
  };
}

/** By their bytes, as the database sorts them. */
const sorted = (items: Iterable<string>): readonly string[] =>
  [...items].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
